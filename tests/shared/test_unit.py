"""Tests of units."""

from typing import Annotated, get_type_hints

from shared.unit import Unit


def test_a_unit_stands_in_an_annotation() -> None:
    """It is compared by value, so that it can be looked for there."""

    class Wait:
        seconds: Annotated[float, Unit("seconds")]

    (unit,) = get_type_hints(Wait, include_extras=True)["seconds"].__metadata__
    assert unit == Unit("seconds")
    assert unit != Unit("bytes")
