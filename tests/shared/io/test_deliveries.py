"""Deliveries that are still to come."""

from collections.abc import Iterator

import pytest

from shared.io.deliveries import Deliveries
from shared.io.outage import Outage
from shared.io.producer import Delivery

PLACE = Delivery("topic", 0, 7)
WAIT_SECONDS = 10


class Clock:
    """Time that a test moves."""

    now = 0.0


@pytest.fixture
def clock() -> Clock:
    """Give a clock at 0."""
    return Clock()


@pytest.fixture
def deliveries(clock: Clock) -> Iterator[Deliveries]:
    """Give deliveries of 10 seconds."""
    deliveries = Deliveries(10, lambda: clock.now)
    yield deliveries
    deliveries.close()


def test_a_delivery_ends_with_its_place(deliveries: Deliveries) -> None:
    """What Kafka acknowledges is known to whoever waits."""
    delivery = deliveries.open()
    deliveries.settle(delivery, PLACE)

    assert delivery.result(0) == PLACE


def test_a_delivery_ends_with_its_failure(deliveries: Deliveries) -> None:
    """So is what Kafka refuses."""
    delivery = deliveries.open()
    deliveries.settle(delivery, Outage("away"))

    with pytest.raises(Outage, match="away"):
        delivery.result(0)


def test_a_delivery_ends_once(deliveries: Deliveries) -> None:
    """What comes after the end changes nothing."""
    delivery = deliveries.open()
    deliveries.settle(delivery, PLACE)
    deliveries.settle(delivery, Outage("late"))

    assert delivery.result(0) == PLACE


def test_a_delivery_ends_with_its_time(deliveries: Deliveries, clock: Clock) -> None:
    """What nobody settles is an outage, at its time and not before; what is younger goes on."""
    old = deliveries.open()
    clock.now = 9.9
    young = deliveries.open()
    deliveries.expire()
    before = old.done()
    clock.now = 10
    deliveries.expire()

    assert (before, old.done(), young.done()) == (False, True, False)
    with pytest.raises(Outage, match="10 s"):
        old.result(0)


def test_the_watch_needs_no_call(deliveries: Deliveries, clock: Clock) -> None:
    """The thread of its own ends a delivery that everyone has forgotten."""
    delivery = deliveries.open()
    clock.now = 10

    with pytest.raises(Outage):
        delivery.result(WAIT_SECONDS)


def test_waiting_waits_for_all(deliveries: Deliveries) -> None:
    """After `wait` everything that was open has ended."""
    opened = [deliveries.open() for _ in range(3)]
    for delivery in opened:
        deliveries.settle(delivery, PLACE)
    deliveries.wait()

    assert all(delivery.done() for delivery in opened)


def test_a_delivery_is_not_cancelled(deliveries: Deliveries) -> None:
    """A record that is on its way can't be called back."""
    assert not deliveries.open().cancel()
