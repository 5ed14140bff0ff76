"""Tests of how the models that are compared are opened."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from services.trainer.contestant import Contestant, Rivals, open_package, open_rivals
from shared.io.memory import MemoryObjectStore
from shared.models.manifest import ENCODER
from shared.models.runtime import serving_files
from shared.models.signing import Untrusted
from shared.models.store import ModelStore, NoSuchModelVersion
from tests.services.trainer.packages import packaged
from tests.shared.models.builders import MODEL, manifest, signer, trust, verdict
from tests.shared.models.small_models import ENCODINGS, LABELS, TEXTS, load_model, write_model


def test_a_package_is_opened_as_it_will_serve(tmp_path: Path) -> None:
    """With its fp32 graph beside it, which is not counted, for it doesn't serve."""
    candidate = open_package(packaged(tmp_path / "both"), tmp_path / "cache", 2)
    files = serving_files(ENCODINGS["both"], "int8")
    assert ENCODER["int8"] in files
    assert candidate.bytes == sum((tmp_path / "both" / name).stat().st_size for name in files)
    assert candidate.fp32 is not None
    ours, theirs = (model.predict(TEXTS[:9]) for model in (candidate.serving, candidate.fp32))
    assert not np.array_equal(ours, theirs)
    assert np.allclose(ours, theirs, atol=0.1)


@pytest.mark.parametrize(("name", "precision"), [("hashed", "fp32"), ("both", "fp32")])
def test_a_model_that_serves_in_fp32_has_no_other(name: str, precision: str, tmp_path: Path) -> None:
    """There is nothing to compare it with."""
    assert open_package(packaged(tmp_path / name, name, precision), tmp_path / "cache", 2).fp32 is None


@pytest.fixture
def models(tmp_path: Path) -> ModelStore:
    """Publish three versions, each with answers of its own, the second signed by another key."""
    store = ModelStore(MemoryObjectStore(), MODEL)
    for number in range(3):
        files = write_model(tmp_path / str(number), ENCODINGS["hashed"], seed=number)
        entries = {name: store.put_file(path) for name, path in files.items()}
        said = manifest(entries, labels=LABELS, encoding=ENCODINGS["hashed"], run=f"topic/{number:08d}/ngrams")
        store.publish(said, signer(2 if number == 1 else 1))
    return store


def probabilities(model: object) -> NDArray[np.float32]:
    """Give what tells one version from another."""
    assert isinstance(model, Contestant)
    return model.predict(TEXTS[:3])


def test_no_champion_no_rivals(models: ModelStore, tmp_path: Path) -> None:
    """The first model has nobody to beat but the commonest label."""
    assert open_rivals(models, None, trust(), tmp_path / "cache", 2) == Rivals()


def test_the_champion_and_the_best_so_far_are_rivals(models: ModelStore, tmp_path: Path) -> None:
    """The best is a rival of its own where a later champion was below it."""
    both = trust(signer(), signer(2))
    alone = open_rivals(models, 2, both, tmp_path / "cache", 2)
    assert alone.best is None
    assert np.array_equal(
        probabilities(alone.champion), load_model(tmp_path / "1", ENCODINGS["hashed"], 1).predict(TEXTS[:3])
    )
    models.record_verdict(verdict(2, None))
    assert open_rivals(models, 2, both, tmp_path / "cache", 2).best is None
    found = open_rivals(models, 3, both, tmp_path / "cache", 2)
    assert np.array_equal(probabilities(found.best), probabilities(alone.champion))


def test_a_version_that_a_person_took_back_is_no_rival(models: ModelStore, tmp_path: Path) -> None:
    """Else whatever succeeds the version that was gone back to is kept out for being below what nobody wants."""
    for candidate, champion in ((1, None), (3, 1)):
        said = models.record_verdict(verdict(candidate, champion))
        models.promote(candidate, over=champion, verdict=said.id, by="t", reason="r", at=said.at)
    assert open_rivals(models, 1, trust(), tmp_path / "cache", 2).best is not None
    models.rollback(by="a person", reason="it is rude", at=said.at)
    assert open_rivals(models, 1, trust(), tmp_path / "cache", 2).best is None


def test_a_champion_that_cannot_be_loaded_is_an_error(models: ModelStore, tmp_path: Path) -> None:
    """Nobody would know what is replaced."""
    with pytest.raises(Untrusted):
        open_rivals(models, 2, trust(), tmp_path / "cache", 2)
    with pytest.raises(NoSuchModelVersion):
        open_rivals(models, 9, trust(), tmp_path / "cache", 2)


@pytest.mark.parametrize("best", [2, 9], ids=["of a key that isn't trusted", "that isn't there"])
def test_a_best_version_that_cannot_be_loaded_is_left_out(models: ModelStore, best: int, tmp_path: Path) -> None:
    """It judges, and serves nobody: a key that is trusted no more must not end all promotions."""
    models.record_verdict(verdict(best, None))
    found = open_rivals(models, 1, trust(), tmp_path / "cache", 2)
    assert found.champion is not None
    assert found.best is None


@pytest.mark.parametrize("name", ["hashed", "both", "transformer"])
def test_known_embeddings_change_no_answer(name: str, tmp_path: Path) -> None:
    """To the bit; and the next model of the same encoder finds them."""
    cache = tmp_path / "cache"
    serving = open_package(packaged(tmp_path / name, name), cache, 2).serving
    known = serving.embeddings(TEXTS)
    assert np.array_equal(serving.predict(TEXTS, known), serving.predict(TEXTS))
    if name == "hashed":
        assert known is None
        return
    assert known is not None
    kept = set(cache.rglob("*.safetensors"))
    again = open_package(packaged(tmp_path / "again", name), cache, 2).serving.embeddings(TEXTS)
    assert again is not None
    assert np.array_equal(known, again)
    assert set(cache.rglob("*.safetensors")) == kept != set()
