"""Tests of what is done when a person changes the champion."""

from collections.abc import Callable
from concurrent.futures import Future

import pytest

from services.console.model_shelf import Shelf
from services.console.model_swap import Swap
from services.console.terminal import NotDone
from shared.contracts.envelope import from_headers
from shared.contracts.message import decode
from shared.contracts.releases import ModelPublished
from shared.io.memory import MemoryObjectStore, MemoryProducer
from shared.io.outage import Outage
from shared.io.producer import Delivery
from shared.io.record import OutgoingRecord
from shared.models.store import ModelStore
from tests.shared.models.builders import AT, manifest, signer, trust

TOPIC = "models-published"


@pytest.fixture
def shelf() -> Shelf:
    """Give a model of three versions, of which the second follows the first as champion."""
    shelf = Shelf(ModelStore(MemoryObjectStore(), "topic"), trust())
    for number in range(3):
        shelf.store.publish(manifest(run=f"topic/{number:08d}/ngrams"), signer())
    shelf.store.promote(1, over=None, verdict="a", by="t", reason="", at=AT)
    shelf.store.promote(2, over=1, verdict="b", by="t", reason="", at=AT)
    return shelf


def swap(shelf: Shelf, producer: MemoryProducer) -> Swap:
    """Change it as anna."""
    return Swap(shelf, producer, "millrace", "anna@desk", "wrong on invoices", AT)


def told(producer: MemoryProducer) -> list[ModelPublished]:
    """Give what gateways were told."""
    return [decode(ModelPublished, record.value or b"") for record in producer.records(TOPIC)]


def test_a_promotion_is_kept_and_told(shelf: Shelf) -> None:
    """Who and why stand in the aliases; the event names the version that it was over."""
    producer = MemoryProducer([TOPIC])
    done = swap(shelf, producer).promote(3, over=2)
    assert done == shelf.store.aliases() == shelf.store.history()[-1]
    assert (done.champion, done.previous, done.verdict, done.by) == (3, 2, "", "anna@desk")
    (event,) = told(producer)
    assert (event.version, event.previous_version, event.alias, event.manifest.bucket) == (3, 2, "champion", "millrace")
    (record,) = producer.records(TOPIC)
    assert (record.key, from_headers(record.headers).source) == (b"topic", "/millrace/console")


def test_a_rollback_is_kept_and_told(shelf: Shelf) -> None:
    """Each change is an event of its own, also back and forth."""
    producer = MemoryProducer([TOPIC])
    assert swap(shelf, producer).rollback(over=2).champion == 1
    assert swap(shelf, producer).rollback(over=1).champion == 2
    assert [event.version for event in told(producer)] == [1, 2]
    assert len({from_headers(record.headers).id for record in producer.records(TOPIC)}) == 2


def test_nothing_is_done_on_an_old_view(shelf: Shelf) -> None:
    """The trainer promoted another one while the person thought."""
    producer = MemoryProducer([TOPIC])
    changes: tuple[Callable[[Swap], object], ...] = (
        lambda one: one.promote(3, over=1),
        lambda one: one.rollback(over=1),
    )
    for change in changes:
        with pytest.raises(NotDone, match=r"nothing was done: .* is version 2, not version 1"):
            change(swap(shelf, producer))
    assert told(producer) == []


class Away(MemoryProducer):
    """A broker that goes away."""

    def send(self, record: OutgoingRecord) -> Future[Delivery]:
        """Fail."""
        raise Outage(f"no broker for {record.topic}")


def test_a_change_that_could_not_be_told_is_said(shelf: Shelf) -> None:
    """It is in force; gateways look for themselves."""
    with pytest.raises(NotDone, match="version 3 is the champion, but models-published could not be told"):
        swap(shelf, Away([TOPIC])).promote(3, over=2)
    aliases = shelf.store.aliases()
    assert aliases is not None
    assert aliases.champion == 3
