"""When a version that could not be served is tried again."""

from typing import Final, NamedTuple

FIRST_SECONDS: Final = 10.0
MOST_SECONDS: Final = 300.0


class Failure(NamedTuple):
    """A version that was refused: how often in a row, and when last, in seconds."""

    version: int
    times: int
    at: float


def failed(before: Failure | None, version: int, now: float) -> Failure:
    """Count one more refusal of `version`."""
    times = before.times + 1 if before is not None and before.version == version else 1
    return Failure(version, times, now)


def is_due(failure: Failure | None, version: int, now: float) -> bool:
    """Say whether to try `version` now: at once, or after a pause that doubles with each refusal."""
    if failure is None or failure.version != version:
        return True
    return now - failure.at >= min(MOST_SECONDS, FIRST_SECONDS * 2.0 ** min(failure.times - 1, 16))
