"""Tests of the table of steps."""

from services.cleaner.core.steps import STEPS
from shared.flywheel.steps import CLEANING_STEPS

OF_THE_SETTLER = ("exact-duplicate", "near-duplicate")


def test_the_steps_are_those_that_a_plan_prints() -> None:
    """In the same order; what asks for history comes after them."""
    assert (*(step.name for step in STEPS), *OF_THE_SETTLER) == tuple(step.name for step in CLEANING_STEPS)


def test_a_step_is_named_as_its_file_and_its_function() -> None:
    """So that a rejection leads to the rule."""
    for step in STEPS:
        name = step.name.replace("-", "_")
        assert (step.apply.__module__, step.apply.__name__) == (f"services.cleaner.core.steps.{name}", name)
        assert step.version >= 1
