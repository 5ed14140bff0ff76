"""Tests of the `traceparent`."""

import pytest

from shared.telemetry.tracing import TraceContext, child_traceparent

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("traceparent", "flags"),
    [
        (f"00-{TRACE}-{SPAN}-01", 1),
        (f"00-{TRACE}-{SPAN}-00", 0),
        (f"00-{TRACE}-{SPAN}-ff", 3),
        (f"cc-{TRACE}-{SPAN}-01", 1),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-adds", 1),
    ],
)
def test_reads_what_the_standard_allows(traceparent: str, flags: int) -> None:
    """Flags that version 00 doesn't know are dropped, and later versions are read as far as they are understood."""
    assert TraceContext.parse(traceparent) == TraceContext(TRACE, SPAN, flags)


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "00",
        f"00-{TRACE}-{SPAN}",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01\n",
        f"00-{TRACE[1:]}-{SPAN}-01",
        "页面",
    ],
)
def test_takes_what_is_malformed_as_absent(malformed: str) -> None:
    """A malformed `traceparent` is none, and what is made of its document starts a trace of its own."""
    assert TraceContext.parse(malformed) is None
    fresh = TraceContext.parse(child_traceparent(malformed))
    assert fresh is not None
    assert fresh.trace_id != TRACE


def test_a_child_stays_in_the_trace() -> None:
    """A child has the trace and the flags of its parent, and an id of its own."""
    child = TraceContext.parse(child_traceparent(f"00-{TRACE}-{SPAN}-00"))
    assert child is not None
    assert (child.trace_id, child.flags) == (TRACE, 0)
    assert child.span_id != SPAN


def test_starts_a_trace_where_there_is_none() -> None:
    """Two traces that start from nothing are different, and sampled."""
    first, second = (TraceContext.parse(child_traceparent(None)) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.trace_id != second.trace_id
    assert first.flags == 3


def test_what_is_formatted_reads_back() -> None:
    """Formatting and parsing are each other's inverse."""
    context = TraceContext.new()
    assert TraceContext.parse(str(context)) == context
