"""Tests of which recipes are run."""

import pytest

from services.trainer.core.ladder import CORRECTION, Standing, climb
from shared.flywheel.learning import Recipe

RECIPES = [Recipe(name=name, encoders=("hashed-ngram",), seed=seed) for seed, name in enumerate("abc")]
NONE: dict[str, int] = {}


@pytest.mark.parametrize(
    ("standing", "runs"),
    [
        pytest.param(Standing(None, NONE, 100), ["a first", "b challenge", "c challenge"], id="no champion yet"),
        pytest.param(
            Standing(None, NONE, 100, CORRECTION),
            ["a first", "b challenge", "c challenge"],
            id="a correction, but no champion to correct",
        ),
        pytest.param(Standing("a", NONE, 100), ["a refit", "b challenge", "c challenge"], id="none was tried"),
        pytest.param(Standing("a", {"b": 100, "c": 67}, 100), ["a refit"], id="all were tried, and little was added"),
        pytest.param(Standing("a", {"b": 67, "c": 66}, 99), ["a refit", "c challenge"], id="half as much again for c"),
        pytest.param(Standing("b", {"a": 1}, 100), ["b refit", "c challenge"], id="what is below is not run again"),
        pytest.param(Standing("c", NONE, 100), ["c refit"], id="the highest"),
        pytest.param(Standing("b", NONE, 100, CORRECTION), ["b refit"], id="a correction"),
        pytest.param(
            Standing("gone", {"a": 100}, 100),
            ["a challenge", "b challenge", "c challenge"],
            id="the champion's recipe is gone from the list",
        ),
        pytest.param(Standing("gone", NONE, 100, CORRECTION), ["a challenge"], id="the same, at a correction"),
    ],
)
def test_the_ladder_is_climbed_from_the_champion(standing: Standing, runs: list[str]) -> None:
    """First what serves, or would, then what may be better."""
    assert [f"{run.recipe} {run.rung}" for run in climb(RECIPES, standing)] == runs


def test_a_run_has_the_seed_of_its_recipe() -> None:
    """So that it can be done again."""
    assert [run.seed for run in climb(RECIPES, Standing(None, NONE, 100))] == [0, 1, 2]
