"""A loaded model answers as it was trained, whoever asks at the same time, and goes without a trace."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from services.trainer.head_graph import build_head
from shared.encoding.ngrams import NgramFeatures
from shared.encoding.spec import NGRAMS, TOKENIZER, VOCABULARY, Encoding, NgramSpec, Precision
from shared.models.graphs import UnsafeGraph
from shared.models.manifest import ENCODER, HEAD
from shared.models.runtime import LoadedModel, serving_files
from tests.shared.models.small_models import (
    BUCKETS,
    DIMENSIONS,
    ENCODINGS,
    LABELS,
    TEXTS,
    encoder_graph,
    load_model,
    numbers,
    write_model,
)

ODD = ["", "   ", "\x00", "\ud800\udfff", "a", "的", "SUM" * 400, "\ufdfa" * 700, "\u0301"]


@pytest.fixture(scope="module", params=ENCODINGS)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """Load a model of each encoding."""
    return load_model(tmp_path_factory.mktemp(request.param), ENCODINGS[request.param])


@pytest.mark.parametrize(
    ("encoding", "precision", "expected"),
    [
        (ENCODINGS["hashed"], "fp32", (HEAD, NGRAMS)),
        (ENCODINGS["words"], "fp32", (HEAD, NGRAMS, VOCABULARY)),
        (ENCODINGS["transformer"], "fp32", (HEAD, TOKENIZER, "encoder.onnx")),
        (ENCODINGS["both"], "int8", (HEAD, NGRAMS, TOKENIZER, "encoder.int8.onnx")),
    ],
)
def test_serving_needs_no_more_than_it_runs(
    encoding: Encoding, precision: Precision, expected: tuple[str, ...]
) -> None:
    """The gateway fetches these and no others."""
    assert serving_files(encoding, precision) == expected


def test_probabilities_are_torch_s(tmp_path: Path) -> None:
    """On real rows of both languages: the head as it is trained, `EmbeddingBag` and `Linear`."""
    encoding = ENCODINGS["both"]
    model = LoadedModel.load(write_model(tmp_path, encoding), LABELS, encoding, "fp32")
    table, matrix = numbers(0, BUCKETS, len(LABELS)), numbers(2, DIMENSIONS, len(LABELS))
    bag = torch.nn.EmbeddingBag.from_pretrained(torch.from_numpy(table), mode="sum")
    linear = torch.nn.Linear(DIMENSIONS, len(LABELS))
    linear.weight.data = torch.from_numpy(matrix.T.copy())
    linear.bias.data = torch.from_numpy(numbers(3, len(LABELS)))
    ids, weights, lengths = NgramFeatures.fit(TEXTS, encoding).bags(TEXTS)
    offsets = torch.from_numpy(np.cumsum(lengths) - lengths)
    with torch.no_grad():
        embeddings = torch.from_numpy(embedded(model))
        logits = bag(torch.from_numpy(ids), offsets, torch.from_numpy(weights)) + linear(embeddings)
        expected = torch.softmax(1.7 * logits, 1).numpy()

    np.testing.assert_allclose(model.predict(TEXTS), expected, atol=1e-5)
    assert len(set(expected.argmax(1).tolist())) == len(LABELS)


def embedded(model: LoadedModel) -> NDArray[np.float32]:
    """Embed the real rows with a model that can."""
    assert model.encoder is not None
    return np.concatenate([model.encoder.embed(text) for text in TEXTS])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(texts=st.lists(st.one_of(st.sampled_from(TEXTS + ODD), st.text(st.characters(), max_size=30)), max_size=20))
def test_company_and_order_change_no_answer(model: LoadedModel, texts: list[str]) -> None:
    """To the bit, so that a correction can be held against what was served, and a cache would be right."""
    alone = [model.predict([text])[0] for text in texts]

    together = model.predict(texts)
    backwards = model.predict(texts[::-1])[::-1]

    assert together.shape == (len(texts), len(LABELS))
    assert np.array_equal(together, np.array(alone, dtype=np.float32).reshape(together.shape))
    assert np.array_equal(together, backwards)
    assert np.allclose(together.sum(1), 1, atol=1e-5)


def test_a_large_batch_gives_what_each_text_gets_alone(model: LoadedModel) -> None:
    """More texts than are read at once."""
    texts = (TEXTS + ODD) * 2

    assert np.array_equal(model.predict(texts), np.concatenate([model.predict([text]) for text in texts]))


def test_threads_share_a_model(model: LoadedModel) -> None:
    """Each gets what it would get alone."""
    texts = TEXTS * 4
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda text: model.predict([text])[0], texts))

    assert np.array_equal(np.stack(found), model.predict(texts))


def test_embeddings_that_are_known_change_no_answer(model: LoadedModel) -> None:
    """To the bit; a model without a transformer has none."""
    if model.encoder is None:
        assert model.encoding.transformer is None
        return
    known = embedded(model)

    assert known.shape == (len(TEXTS), DIMENSIONS)
    assert np.array_equal(model.predict(TEXTS, known), model.predict(TEXTS))
    assert not np.array_equal(model.predict(TEXTS, known[::-1]), model.predict(TEXTS))


def without(name: str) -> Callable[[dict[str, Path]], None]:
    """Leave a file out."""
    return lambda files: files.__delitem__(name)


def cut(name: str) -> Callable[[dict[str, Path]], None]:
    """Leave out the end of a file."""

    def change(files: dict[str, Path]) -> None:
        files[name].write_bytes(files[name].read_bytes()[:-9])

    return change


def other_head(table: tuple[int, int] | None, weights: tuple[int, int] | None) -> Callable[[dict[str, Path]], None]:
    """Take the head of another model."""

    def change(files: dict[str, Path]) -> None:
        arrays = [None if shape is None else numbers(0, *shape) for shape in (table, weights)]
        labels = (table or weights or (0, 0))[1]
        build_head(files[HEAD], arrays[0], arrays[1], numbers(1, labels), 1.0)

    return change


def other_encoder(files: dict[str, Path]) -> None:
    """Take an encoder whose output is called otherwise."""
    graph = encoder_graph()
    graph.graph.output[0].name = graph.graph.node[-1].output[0] = "last_hidden_state"
    files[ENCODER["fp32"]].write_bytes(graph.SerializeToString())


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (without(HEAD), ValueError, f"missing: {HEAD}"),
        (without(TOKENIZER), ValueError, f"missing: {TOKENIZER}"),
        (cut(HEAD), UnsafeGraph, HEAD),
        (cut(NGRAMS), ValueError, NGRAMS),
        (cut(TOKENIZER), ValueError, TOKENIZER),
        (cut(ENCODER["fp32"]), UnsafeGraph, ENCODER["fp32"]),
        (other_head((BUCKETS, 3), None), UnsafeGraph, "its inputs are"),
        (other_head(None, (DIMENSIONS, 3)), UnsafeGraph, "its inputs are"),
        (other_head((BUCKETS, 4), (DIMENSIONS, 4)), ValueError, "3 have names"),
        (other_head((BUCKETS // 2, 3), (DIMENSIONS, 3)), ValueError, "doesn't fit its encoding"),
        (other_head((BUCKETS, 3), (DIMENSIONS + 1, 3)), ValueError, "doesn't fit its encoding"),
        (other_encoder, UnsafeGraph, "its outputs are"),
    ],
)
def test_files_that_do_not_fit_are_refused(
    tmp_path: Path, change: Callable[[dict[str, Path]], None], error: type[Exception], words: str
) -> None:
    """Before the model answers anybody, and with the name of the file."""
    files = write_model(tmp_path, ENCODINGS["both"])
    change(files)

    with pytest.raises(error, match=words):
        LoadedModel.load(files, LABELS, ENCODINGS["both"], "fp32")


@pytest.mark.parametrize(("labels", "encoding"), [((), ENCODINGS["hashed"]), (LABELS, Encoding())])
def test_a_model_of_nothing_is_refused(tmp_path: Path, labels: tuple[str, ...], encoding: Encoding) -> None:
    """No labels, or nothing that is read of a text."""
    with pytest.raises(ValueError, match="a model has labels"):
        LoadedModel.load(write_model(tmp_path, ENCODINGS["hashed"]), labels, encoding, "fp32")


def test_a_hundred_swaps_leave_no_memory_behind(tmp_path: Path) -> None:
    """Of a model of a megabyte and a half that is loaded and left each time, 40 would show."""
    encoding = Encoding(ngrams=NgramSpec())
    files = write_model(tmp_path, encoding)
    process = psutil.Process()
    sizes = []
    for _ in range(120):
        LoadedModel.load(files, LABELS, encoding, "fp32").predict(TEXTS[:16])
        sizes.append(process.memory_info().rss)

    assert sizes[-1] - sizes[20] < 30 * 1024 * 1024
