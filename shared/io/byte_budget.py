"""A semaphore that counts bytes."""

from threading import Condition


class ByteBudget:
    """Lets callers hold at most `limit_bytes` together; the others wait."""

    def __init__(self, limit_bytes: int) -> None:
        """Start with nothing held."""
        self._limit = limit_bytes
        self._held = 0
        self._freed = Condition()

    @property
    def held_bytes(self) -> int:
        """The bytes that are held now."""
        return self._held

    def acquire(self, size: int, timeout_seconds: float) -> bool:
        """Hold `size` bytes, waiting for room; False when there was none in time.

        More than the limit is let in alone, for it would wait for ever.
        """
        with self._freed:
            if not self._freed.wait_for(lambda: self._has_room(size), timeout_seconds):
                return False
            self._held += size
            return True

    def release(self, size: int) -> None:
        """Give `size` bytes back."""
        with self._freed:
            self._held -= size
            self._freed.notify_all()

    def _has_room(self, size: int) -> bool:
        return self._held == 0 or self._held + size <= self._limit
