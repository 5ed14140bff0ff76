"""Tests of how texts are embedded."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from services.trainer.embedder import PORTION, Embedder
from services.trainer.sentence_encoder import spec_of
from shared.encoding.spec import Encoding
from shared.models.loaded_encoder import LoadedEncoder
from shared.models.manifest import ENCODER
from tests.services.trainer.learning import WORDS
from tests.services.trainer.tiny_bert import tiny_bert, tiny_encoder

TEXTS = [word for words in WORDS.values() for word in words.split()]


@pytest.fixture
def encoder(tiny_graphs: Path) -> tuple[Path, Path, Encoding]:
    """Give a tiny encoder: the folder of its graphs, its tokenizer, and its encoding."""
    pretrained = tiny_bert(tiny_graphs / "tiny")
    return tiny_graphs, pretrained.tokenizer, Encoding(transformer=spec_of(tiny_encoder(pretrained), pretrained))


def embedder(encoder: tuple[Path, Path, Encoding], cache: Path | None, name: str = ENCODER["int8"]) -> Embedder:
    """Embed by the int8 graph, as a gateway does."""
    folder, tokenizer, encoding = encoder
    return Embedder(LoadedEncoder.load(folder / name, tokenizer, encoding), cache, threads=2)


def test_neighbours_change_nothing(encoder: tuple[Path, Path, Encoding]) -> None:
    """Each text is embedded alone, to the bit, for int8 takes its scales from all that is in a batch."""
    one = embedder(encoder, None)
    together = one.embed(TEXTS, lambda _: None)
    alone = np.concatenate([one.embed([text], lambda _: None) for text in TEXTS])
    assert together.shape == (len(TEXTS), 16)
    assert (together == alone).all()


def test_a_text_is_embedded_once_a_machine(encoder: tuple[Path, Path, Encoding], tmp_path: Path) -> None:
    """Whoever asks next, in any order, and however often it is among the texts."""
    said: list[str] = []
    first = embedder(encoder, tmp_path).embed([*TEXTS, *TEXTS], said.append)
    assert said == [f"embedding: {len(TEXTS)} of {len(TEXTS)} texts"]
    again = embedder(encoder, tmp_path).embed([*TEXTS[::-1], "new"], said.append)
    assert said[1:] == ["embedding: 1 of 1 texts"]
    assert (again[:-1] == first[: len(TEXTS)][::-1]).all()


def test_another_graph_has_other_embeddings(encoder: tuple[Path, Path, Encoding], tmp_path: Path) -> None:
    """So they are kept apart."""
    int8 = embedder(encoder, tmp_path).embed(TEXTS, lambda _: None)
    fp32 = embedder(encoder, tmp_path, ENCODER["fp32"]).embed(TEXTS, lambda _: None)
    assert not (int8 == fp32).all()
    assert len(list((tmp_path / "embeddings").iterdir())) == 2


def test_what_is_done_is_kept_by_portions(
    encoder: tuple[Path, Path, Encoding], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is killed loses little."""
    assert PORTION >= 1_000, "a word of progress now and then"
    monkeypatch.setattr("services.trainer.embedder.PORTION", 10)

    def die(said: str) -> None:
        if said.startswith("embedding: 20 "):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embedder(encoder, tmp_path).embed(TEXTS, die)
    said: list[str] = []
    embedder(encoder, tmp_path).embed(TEXTS, said.append)
    assert said[0] == f"embedding: 10 of {len(TEXTS) - 20} texts"


def test_what_another_processor_has_embedded_is_embedded_again(
    encoder: tuple[Path, Path, Encoding], tmp_path: Path
) -> None:
    """A home may move to another machine, whose sums are a little different: the head must learn what it will see."""
    truth = embedder(encoder, tmp_path).embed(TEXTS, lambda _: None)
    (segment,) = tmp_path.rglob("*.safetensors")
    tensors = load_file(segment)
    save_file(tensors | {"vectors": tensors["vectors"] + np.float32(1e-6)}, segment)
    said: list[str] = []
    again = embedder(encoder, tmp_path).embed(TEXTS, said.append)
    assert (again == truth).all()
    assert said == [f"embedding: {len(TEXTS)} of {len(TEXTS)} texts"]
    assert (embedder(encoder, tmp_path).embed(TEXTS, said.append) == truth).all()
    assert len(said) == 1
