"""Tests of the tables that say what is learnt."""

from pathlib import Path

import pytest

from shared.flywheel.learning import FIRST_RECIPE
from tests.shared.flywheel.builders import DATASET, SOURCE, flywheel, refused

LABELLED = SOURCE + "[sources.labels.kind]\npath = '^/(a|b)/'\n" + DATASET
TASK = '[[tasks]]\nname = "kinds"\nlabel = "kind"\n'


def test_a_task_without_recipes_has_the_quickest(tmp_path: Path) -> None:
    """A first model needs no choice."""
    (task,) = flywheel(tmp_path, LABELLED + TASK).tasks
    assert task.recipes == (FIRST_RECIPE,)


@pytest.mark.parametrize(
    ("encoder", "is_one"),
    [
        ("e5-small-multilingual", True),
        (f"hf:owner/name.1@{'0f' * 20}", True),
        ("hf:owner/name@main", False),
        ("hf:owner/name", False),
        ("e5", False),
    ],
)
def test_an_encoder_is_of_the_table_or_a_pinned_repository(tmp_path: Path, encoder: str, is_one: bool) -> None:
    """A branch is no pin: what it names tomorrow is another model."""
    recipe = f'[[tasks.recipes]]\nname = "mine"\nencoders = ["{encoder}"]\n'
    faults = refused(tmp_path, LABELLED + TASK + recipe)
    assert (faults == []) is is_one
    assert is_one or "40 digits of a commit" in faults[0]
