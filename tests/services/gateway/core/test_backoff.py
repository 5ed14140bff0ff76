"""When a refused version is tried again."""

from services.gateway.core.backoff import FIRST_SECONDS, MOST_SECONDS, failed, is_due


def test_the_pause_doubles_up_to_a_bound() -> None:
    """From ten seconds to five minutes."""
    failure, now, pauses = None, 0.0, []
    for _ in range(8):
        failure = failed(failure, 3, now)
        pause = next(seconds for seconds in range(1, 1_000) if is_due(failure, 3, now + seconds))
        pauses.append(pause)
        now += pause
    assert pauses == [10, 20, 40, 80, 160, 300, 300, 300]
    assert (pauses[0], pauses[-1]) == (FIRST_SECONDS, MOST_SECONDS)


def test_another_version_is_due_at_once_and_counts_anew() -> None:
    """The pause belongs to the version."""
    failure = failed(failed(None, 3, 0.0), 3, 10.0)
    assert is_due(failure, 4, 10.0)
    assert failed(failure, 4, 10.0).times == 1
    assert is_due(None, 1, 0.0)
