"""Tests of what the ladder is told of a task."""

from datetime import UTC, datetime

import pytest

from services.trainer.core.ladder import Standing
from services.trainer.history import LOOK_BACK, History
from shared.io.memory import MemoryObjectStore
from shared.models.manifest import Cost
from shared.models.signing import Untrusted
from tests.services.trainer.counted import Counted
from tests.services.trainer.shelf import Shelf
from tests.shared.models.builders import manifest, signer, trust

AT = datetime(2026, 11, 24, tzinfo=UTC)


def publish(shelf: Shelf, recipe: str, *, key: int = 1, dataset_version: int = 9, dataset: str = "help") -> int:
    """Publish a version of a recipe, learnt from 10 rows; gives its number."""
    made = manifest(
        model=shelf.task,
        run=f"{recipe}-{key}-{dataset_version}-{len(shelf.models.versions())}",
        recipe=recipe,
        dataset=dataset,
        dataset_version=dataset_version,
        cost=Cost(rows=10, seconds=1, cpu_seconds=1),
        files={},
    )
    return shelf.models.publish(made, signer(key)).version


def history(shelf: Shelf) -> History:
    """Give the history of a shelf."""
    return History(shelf.models, trust())


def test_before_the_first_model_nothing_is_known() -> None:
    """No champion, and nothing tried."""
    made = history(Shelf())
    assert made.champion() is None
    assert made.standing(None, ["good"], 5, "rows") == Standing(None, {}, 5, "rows")


def test_the_last_version_of_each_recipe_counts_by_its_dataset() -> None:
    """Its training rows as the events count them; where nothing is known of the dataset any more, as the model does."""
    shelf = Shelf()
    shelf.commit()
    for recipe, dataset_version in (("good", 9), ("good", 1), ("other", 9)):
        publish(shelf, recipe, dataset_version=dataset_version)
    shelf.models.promote(2, over=None, verdict="v", by="t", reason="r", at=AT)
    made = history(shelf)
    champion = made.champion()
    assert champion is not None
    assert made.standing(champion, ["good", "other"], 5, "age") == Standing("good", {"good": 48, "other": 10}, 5, "age")


def test_a_version_of_another_dataset_counts_by_its_own_rows() -> None:
    """Version 1 of a dataset that was begun anew is another than version 1 of the one before."""
    shelf = Shelf()
    shelf.commit()
    publish(shelf, "good", dataset_version=1, dataset="help-before")
    assert history(shelf).standing(None, ["good"], 5, "rows").tried == {"good": 10}


def test_only_the_last_versions_are_looked_at() -> None:
    """However long the history is, and though a recipe has never made a version."""
    counted = Counted(MemoryObjectStore())
    shelf = Shelf(counted)
    publish(shelf, "other")
    for _ in range(LOOK_BACK + 5):
        publish(shelf, "good")
    counted.got.clear()
    assert history(shelf).standing(None, ["good", "other", "never"], 5, "rows").tried == {"good": 10}
    assert sum("/versions/" in key for key in counted.got) == LOOK_BACK


def test_a_version_of_a_key_that_is_trusted_no_more_has_no_say() -> None:
    """Unless it serves: then a person must look."""
    shelf = Shelf()
    publish(shelf, "good", key=2)
    made = history(shelf)
    assert made.standing(None, ["good"], 5, "rows").tried == {}
    shelf.models.promote(1, over=None, verdict="v", by="t", reason="r", at=AT)
    with pytest.raises(Untrusted):
        made.champion()
