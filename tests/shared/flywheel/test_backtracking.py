"""Tests of finding expressions that can take for ever."""

import pytest

from shared.flywheel.backtracking import may_take_for_ever


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+",
        "(.*)*x",
        r"(?:\w+\s?)*(x)",
        "(?:[a-z/]+/)*(x)",
        "((a{2,})*b)*",
        "(?:a|b+)*(c)",
        "(?:a{1,50}){1,50}(x)",
        "(?:x(?:a+)+)?(y)",
        "(?=(a+)+)b",
        "(?:/[^/]+.*)+(x)",
    ],
)
def test_a_repetition_of_a_repetition_is_found(pattern: str) -> None:
    """Wherever it stands; with nothing fixed in each round, a text can be shared out in many ways."""
    assert may_take_for_ever(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "^/[^/]+/text/s(calc|writer)/",
        "^/[^/]+(/.*)$",
        "^((?:/[^/]+)*)/x$",
        r"(?:\d+-)*(x)",
        r"(?:\d{4}-)+(x)",
        r"(?:(?:[^/.]+)[.])+(x)",
        r"(?:a\W*a)*(x)",
        "a*b*(c*)",
        "",
    ],
)
def test_rules_as_people_write_them_are_left_alone(pattern: str) -> None:
    """What can be read in one way only takes no longer than the path is."""
    assert not may_take_for_ever(pattern)
