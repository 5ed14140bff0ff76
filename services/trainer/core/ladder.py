"""Which recipes are run on a dataset version: the ladder of the task, from the champion's rung upwards. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from shared.flywheel.learning import Recipe
from shared.models.runs import PlannedRun, Rung

CORRECTION: Final = "correction"
"""The trigger of a version that is ready for a customer's correction alone."""

GROWTH: Final = 1.5
"""A recipe that lost is tried again once there are so many times the training rows that it had then."""


class Standing(NamedTuple):
    """What is known of a task before a version is trained on.

    `champion` names the recipe of the model that serves, None where none does. `tried` gives, by recipe, the training
    rows that its last model had. `rows` are the training rows of the version, `trigger` says why it is ready.
    """

    champion: str | None
    tried: Mapping[str, int]
    rows: int
    trigger: str = ""


def climb(recipes: Sequence[Recipe], standing: Standing) -> tuple[PlannedRun, ...]:
    """Plan the runs on a version, in their order; `recipes` are the task's, of which there is at least one.

    Without a champion the first recipe makes one, and all others challenge it. With one, its recipe is run again, then
    those above it that were never tried or were tried on far fewer rows. A correction is to be learnt soon, so it runs
    the champion's recipe alone. A champion whose recipe isn't in the list any more is challenged by the whole list.
    """
    names = [recipe.name for recipe in recipes]
    if standing.champion is None:
        plan = [single(recipes[0], "first"), *_challenges(recipes[1:])]
    elif standing.champion not in names:
        plan = _challenges(recipes)
    else:
        rung = names.index(standing.champion)
        above = [recipe for recipe in recipes[rung + 1 :] if _is_due(recipe, standing)]
        plan = [single(recipes[rung], "refit"), *_challenges(above)]
    alone = standing.trigger == CORRECTION and standing.champion is not None
    return tuple(plan[:1] if alone else plan)


def single(recipe: Recipe, rung: Rung) -> PlannedRun:
    """Plan one recipe that was asked for, whatever the ladder says."""
    return PlannedRun(recipe=recipe.name, seed=recipe.seed, rung=rung)


def _is_due(recipe: Recipe, standing: Standing) -> bool:
    return standing.rows >= GROWTH * standing.tried.get(recipe.name, 0)


def _challenges(recipes: Sequence[Recipe]) -> list[PlannedRun]:
    return [single(recipe, "challenge") for recipe in recipes]
