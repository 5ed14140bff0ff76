"""The deliveries that are still to come, each of which ends: with its place, with its failure, or with its time.

kafka-python 3.0 bounds the time of a delivery only while it has a producer id. It loses that after a first expiry, and
while the broker is away it then keeps records for ever.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Event, Lock, Thread

from shared.io.outage import Outage
from shared.io.producer import Delivery

_POLL_SECONDS = 0.5


class Deliveries:
    """Hands out futures, settles each once, and fails with an `Outage` what is not settled in time."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Give each delivery so many seconds; a thread of its own looks twice a second."""
        self._seconds = seconds
        self._clock = clock
        # In the order of their beginning, and so of their end. To pop one is to have the right to settle it.
        self._deadlines: dict[Future[Delivery], float] = {}
        self._lock = Lock()
        self._closed = Event()
        self._thread = Thread(target=self._watch, name="kafka-deliveries", daemon=True)
        self._thread.start()

    def open(self) -> Future[Delivery]:
        """Return a delivery to come; nobody can cancel it, as nobody can call a record back."""
        delivery: Future[Delivery] = Future()
        delivery.set_running_or_notify_cancel()
        with self._lock:
            self._deadlines[delivery] = self._clock() + self._seconds
        return delivery

    def settle(self, delivery: Future[Delivery], outcome: Delivery | Exception) -> None:
        """End a delivery, unless it has ended."""
        with self._lock:
            if self._deadlines.pop(delivery, None) is None:
                return
        if isinstance(outcome, Delivery):
            delivery.set_result(outcome)
        else:
            delivery.set_exception(outcome)

    def wait(self) -> None:
        """Return once every delivery that was open has ended."""
        wait(self._open())

    def expire(self) -> None:
        """Fail the deliveries whose time is over."""
        now = self._clock()
        for delivery, deadline in self._open().items():
            if deadline > now:
                return
            self.settle(delivery, Outage(f"Kafka did not acknowledge a record in {self._seconds} s"))

    def close(self) -> None:
        """Stop the watch."""
        self._closed.set()
        self._thread.join()

    def _open(self) -> dict[Future[Delivery], float]:
        with self._lock:
            return self._deadlines.copy()

    def _watch(self) -> None:
        while not self._closed.wait(_POLL_SECONDS):
            self.expire()
