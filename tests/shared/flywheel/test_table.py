"""Tests of what tables are made of."""

import pytest
from pydantic import ValidationError

from shared.flywheel.table import Name, Ratio, Seconds, Table


class Sample(Table):
    """A table of one key of each kind."""

    name: Name = "a"
    share: Ratio = 0.5
    wait: Seconds = 1


@pytest.mark.parametrize(
    "given",
    [
        {"share": 1.01},
        {"share": "0.5"},
        {"share": True},
        {"wait": float("nan")},
        {"wait": float("inf")},
        {"name": "A"},
        {"another": 1},
    ],
)
def test_what_a_table_refuses(given: dict[str, object]) -> None:
    """Another type, even where it could be read as the right one; what is out of range; a key that isn't known."""
    with pytest.raises(ValidationError):
        Sample.model_validate(given)


def test_a_table_can_not_be_changed() -> None:
    """What was read at the start holds to the end; a whole number is a number."""
    sample = Sample.model_validate({"share": 1, "wait": 0})
    with pytest.raises(ValidationError, match="frozen"):
        setattr(sample, "share", 0.1)  # noqa: B010 (mypy knows that it is refused)
