"""How a log line is told to a person."""

import pytest

from infra.local.supervisor.status import describe


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "it logged nothing"),
        (["first", "KeyError: 'x'"], "KeyError: 'x'"),
        (['{"event": "halted", "reason": "too many", "remedy": "mend it"}'], "halted: too many: mend it"),
        (['{"level": "info"}'], '{"level": "info"}'),
        (["[1, 2]"], "[1, 2]"),
        (["x" * 1000], "x" * 600),
    ],
)
def test_the_last_line_is_told_short_and_without_json(lines: list[str], told: str) -> None:
    """Event and reason are what counts in a JSON line."""
    assert describe(lines) == told
