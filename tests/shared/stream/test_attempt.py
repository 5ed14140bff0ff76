"""The pure work on a batch: what is a fault, whose it is, and what is made of the rest."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from shared.contracts.envelope import from_headers
from shared.contracts.message import Message, encode
from shared.stream.attempt import Fault, Work, attempt
from shared.stream.record import Record
from shared.stream.service import Outcome, Received, StoredObject, StreamService
from tests.shared.stream.builders import record
from tests.shared.stream.numbered.service import SERVICE, SINK, Numbered, NumberedDone

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def errors(records: Sequence[Record], service: StreamService[Numbered] = SERVICE) -> list[str]:
    """Give the error of each record, empty for those that were done."""
    return [one.fault.error if one.fault else "" for one in Work(service)(records, NOW)]


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (record(1, fate="raise"), "ValueError"),
        (record(1, value=b"{"), "DecodeError"),
        (record(1, value=b'{"number":"one"}'), "ValidationError"),
        (record(1, value=None), "MalformedEnvelope"),
        (record(1, given=()), "MalformedEnvelope"),
        (record(1, given=(("ce_id", b"\xff"),)), "MalformedEnvelope"),
    ],
)
def test_a_bad_record_is_the_only_fault_of_its_batch(bad: Record, error: str) -> None:
    """Whatever is wrong with one record, its neighbours are done."""
    assert errors([record(0), bad, record(2)]) == ["", error, ""]


def test_the_same_work_gives_the_same_ids() -> None:
    """A replay, at another time and in another batch, makes events that are recognised."""
    [first] = Work(SERVICE)([record(5)], NOW)
    again = Work(SERVICE)([record(4), record(5)], datetime(2027, 1, 1, tzinfo=UTC))[1]

    assert [from_headers(sent.headers).id for sent in first.outgoing] == [
        from_headers(sent.headers).id for sent in again.outgoing
    ]


def test_another_rule_set_gives_another_id() -> None:
    """What newer rules made is not mistaken for what older ones did."""
    [old] = Work(SERVICE)([record(5)], NOW)
    [new] = Work(replace(SERVICE, rule_set="2"))([record(5)], NOW)

    assert from_headers(old.outgoing[0].headers).id != from_headers(new.outgoing[0].headers).id


def test_a_record_is_decoded_as_its_own_topics_message() -> None:
    """In one batch, in the order of coming; what is poison on one topic may be sound on another."""

    def named(batch: Sequence[Received[Any]]) -> list[Outcome]:
        return [Outcome(payload=type(one.message).__name__) for one in batch]

    done = encode(NumberedDone(number=1, stored="s"))
    both = replace(SERVICE, process=named, also=(SINK,))
    finished = Work(both)(
        [record(0), record(1, value=done)._replace(topic=SINK.name), record(2)._replace(topic=SINK.name)], NOW
    )

    assert [one.payload for one in finished[:2]] == ["Numbered", "NumberedDone"]
    assert finished[2].fault is not None
    assert "stored" in finished[2].fault.detail


def twins(batch: Sequence[Received[Numbered]]) -> list[Outcome]:
    """Make two messages with nothing to tell their ids apart."""
    return [Outcome(messages=(NumberedDone(number=1, stored=""), NumberedDone(number=2, stored=""))) for _ in batch]


def huge(batch: Sequence[Received[Numbered]]) -> list[Outcome]:
    """Make a message that no topic takes."""
    return [Outcome(messages=(NumberedDone(number=1, stored="x" * 1_100_000),)) for _ in batch]


def too_few(batch: Sequence[Received[Numbered]]) -> list[Outcome]:
    """Forget about most of the batch."""
    return [Outcome() for _ in batch[:1]]


@pytest.mark.parametrize(
    ("process", "found"),
    [(twins, ["ValueError"] * 2), (huge, ["Oversized"] * 2), (too_few, ["", ""])],
)
def test_a_process_that_breaks_its_contract_makes_faults(process: Any, found: list[str]) -> None:  # noqa: ANN401
    """Colliding ids and oversized messages are faults; a wrong count is found out and done again record by record."""
    assert errors([record(0), record(1)], replace(SERVICE, process=process)) == found


@pytest.mark.parametrize(
    ("stored", "error"),
    [
        (StoredObject("a/../b", b""), "ValueError"),
        (StoredObject("", b""), "ValueError"),
        (StoredObject("k" * 2_000, b""), "ValueError"),
        (StoredObject("a", cast("Any", "text")), "TypeError"),
        (StoredObject(cast("Any", None), b""), "AttributeError"),
        (cast("Any", b"bytes"), "AttributeError"),
    ],
)
def test_an_object_that_no_store_takes_is_a_fault(stored: StoredObject, error: str) -> None:
    """The store's refusal would stop the whole service, again and again."""

    def process(batch: Sequence[Received[Numbered]]) -> list[Outcome]:
        return [Outcome(objects=(stored,) if one.message.number == 1 else ()) for one in batch]

    assert errors([record(0), record(1)], replace(SERVICE, process=process)) == ["", error]


def test_what_cannot_be_routed_is_a_fault() -> None:
    """A message without a topic is not lost in silence."""

    def nowhere(message: Message) -> Any:  # noqa: ANN401
        raise LookupError(message)

    assert errors([record(0)], replace(SERVICE, route=nowhere)) == ["LookupError"]


def test_the_kind_of_an_outcome_is_the_topic_it_goes_to() -> None:
    """Conservation is counted by kind."""
    [one] = Work(SERVICE)([record(0)], NOW)

    assert (one.kind, one.payload, one.origin.offset) == (SINK.name, 0, 0)


def test_attempt_says_what_was_raised_and_where() -> None:
    """A person finds the line."""
    fault = attempt(lambda: int("one"))

    assert isinstance(fault, Fault)
    assert fault.error == "ValueError"
    assert "test_attempt.py:" in fault.detail


@pytest.mark.parametrize("letter", ["x", "\ud800"])
def test_a_detail_is_short_and_has_its_place(letter: str) -> None:
    """An exception may quote the whole document, and what no UTF-8 can say; the line is kept."""

    def fail() -> None:
        raise ValueError(letter * 10_000)

    fault = attempt(fail)

    assert isinstance(fault, Fault)
    assert len(fault.detail.encode()) == 2_000
    assert re.search(r"test_attempt\.py:\d+\)$", fault.detail)
