"""The `traceparent` that travels with a document: W3C Trace Context, as a value.

Source: W3C Trace Context Level 2, https://www.w3.org/TR/trace-context-2/.
"""

import re
import secrets
from dataclasses import dataclass, replace
from typing import Final, Self

SAMPLED: Final = 0b01
RANDOM_TRACE_ID: Final = 0b10

# Later versions may add fields behind a hyphen; version ff is forbidden for ever.
_FORMAT: Final = re.compile(r"(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_VERSION: Final = "00"


@dataclass(frozen=True)
class TraceContext:
    """One step of a trace: lower-case hex ids of 16 and 8 bytes, and the flags of version 00."""

    trace_id: str
    span_id: str
    flags: int

    @classmethod
    def new(cls) -> Self:
        """Start a trace."""
        return cls(secrets.token_hex(16), secrets.token_hex(8), SAMPLED | RANDOM_TRACE_ID)

    @classmethod
    def parse(cls, traceparent: str) -> Self | None:
        """Read `traceparent`; gives None for what is malformed, which the standard says to treat as absent."""
        found = _FORMAT.fullmatch(traceparent)
        if found is None:
            return None
        version, trace_id, span_id, flags, more = found.groups()
        if not int(trace_id, 16) or not int(span_id, 16) or (version == _VERSION and more):
            return None
        return cls(trace_id, span_id, int(flags, 16) & (SAMPLED | RANDOM_TRACE_ID))

    def child(self) -> Self:
        """Make the next step of the same trace."""
        return replace(self, span_id=secrets.token_hex(8))

    def __str__(self) -> str:
        """Format the `traceparent`."""
        return f"{_VERSION}-{self.trace_id}-{self.span_id}-{self.flags:02x}"


def child_traceparent(parent: str | None) -> str:
    """Give the `traceparent` of what is made from `parent`: the same trace, or else a new one."""
    context = TraceContext.parse(parent) if parent else None
    return str(context.child() if context else TraceContext.new())
