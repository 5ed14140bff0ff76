"""A semaphore that counts bytes."""

from concurrent.futures import ThreadPoolExecutor

from shared.io.byte_budget import ByteBudget


def test_what_fits_is_held() -> None:
    """Callers hold up to the limit together, and the next waits in vain."""
    budget = ByteBudget(100)

    assert budget.acquire(60, 0)
    assert budget.acquire(40, 0)
    assert not budget.acquire(1, 0.01)
    assert budget.held_bytes == 100


def test_what_is_released_can_be_held_again() -> None:
    """A caller that waits goes on when there is room."""
    budget = ByteBudget(100)
    budget.acquire(100, 0)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(budget.acquire, 70, 10)
        budget.release(100)

        assert waiting.result(10)
    assert budget.held_bytes == 70


def test_more_than_the_limit_goes_alone() -> None:
    """A size that never fits is let in when nothing else is held."""
    budget = ByteBudget(10)

    assert budget.acquire(11, 0)
    assert not budget.acquire(1, 0)
