"""The table of problems, and how one is told."""

import msgspec
import pytest

from services.gateway import errors
from services.gateway.errors import INVALID, KINDS, NO_KEY, NO_SUCH_METHOD, OVERLOADED, Kind, Problem, told


def test_each_kind_is_in_the_table_once() -> None:
    """Under a name of its own, with a status that is a failure."""
    assert set(KINDS) == {value for value in vars(errors).values() if isinstance(value, Kind)}
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert all(400 <= kind.status < 600 for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_problem_is_told_as_rfc_9457_says(kind: Kind) -> None:
    """Type, title, status and detail; `error` for clients of the Open Inference Protocol."""
    made = told(Problem(kind, "why"))
    assert msgspec.json.decode(made.body) == {
        "type": f"urn:millrace:problem:{kind.name}",
        "title": kind.title,
        "status": kind.status,
        "detail": "why",
        "error": "why",
    }
    assert made.status == kind.status


def test_headers_say_what_to_do() -> None:
    """When to try again, which methods there are, how a key is sent; and labels to choose from."""
    assert told(Problem(OVERLOADED, "", retry_seconds=3)).headers == [(b"retry-after", b"3")]
    assert told(Problem(NO_SUCH_METHOD, "", allow="GET, HEAD")).headers == [(b"allow", b"GET, HEAD")]
    assert told(Problem(NO_KEY, "")).headers == [(b"www-authenticate", b'Bearer realm="millrace"')]
    assert msgspec.json.decode(told(Problem(INVALID, "", labels=("a", "b"))).body)["labels"] == ["a", "b"]
