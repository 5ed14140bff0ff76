"""Tests of what a training process is told."""

import pickle
from dataclasses import replace

import pytest

from shared.models.runs import PlannedRun
from tests.services.trainer.shelf import Shelf


def test_a_recipe_is_the_tasks_with_the_seed_that_was_decided() -> None:
    """The seed of the decision counts, whatever the file says by now."""
    shelf = Shelf()
    order = replace(shelf.an_order(shelf.commit()), planned=PlannedRun(recipe="good", seed=7, rung="refit"))
    assert (order.recipe.name, order.recipe.seed) == ("good", 7)
    assert order.run == "help-task/help/00000001/good"
    assert pickle.loads(pickle.dumps(order)) == order  # noqa: S301 - it goes to the process that way


def test_a_recipe_that_is_gone_from_the_file_is_named() -> None:
    """With those that there are."""
    shelf = Shelf(recipes=("good", "better"))
    order = replace(shelf.an_order(shelf.commit()), planned=PlannedRun(recipe="gone", seed=0, rung="refit"))
    with pytest.raises(ValueError, match=r"has no recipe 'gone' in millrace.toml, but good, better"):
        order.recipe  # noqa: B018 - reading it is what is tested
