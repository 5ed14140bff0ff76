"""Tests of the declared steps."""

from collections import Counter

from shared.flywheel.config import Cleaning, Profile
from shared.flywheel.steps import AUGMENTATIONS, CLEANING_STEPS


def test_every_threshold_is_read_by_one_step() -> None:
    """A threshold that no step reads would do nothing, and nobody would know."""
    assert Counter(key for step in CLEANING_STEPS for key in step.thresholds) == Counter(list(Profile.model_fields))


def test_every_key_of_cleaning_is_read_by_one_step() -> None:
    """Less the revision and the profiles themselves."""
    keys = set(Cleaning.model_fields) - {"revision", "en", "zh"}
    assert Counter(key for step in CLEANING_STEPS for key in step.keys) == Counter(keys)


def test_names_are_given_once() -> None:
    """A step is found by its name."""
    assert len({step.name for step in CLEANING_STEPS}) == len(CLEANING_STEPS)
    assert len(set(AUGMENTATIONS)) == len(AUGMENTATIONS)
