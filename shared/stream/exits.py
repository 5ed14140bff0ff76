"""The exit codes of a stream service, as its supervisor reads them."""

from enum import IntEnum


class Exit(IntEnum):
    """Why the process ended; the numbers are those of BSD's sysexits.h."""

    OK = 0
    """Drained and stopped as asked."""
    OUTAGE = 70
    """A server stayed away, or a bug: start again with backoff. What was in hand comes again."""
    UNDRAINED = 75
    """Asked to stop, but what was in hand could not be finished in time: it comes again."""
    HALTED = 78
    """Stay down: the dead-letter limit was passed, or the settings are wrong. A person must act."""
