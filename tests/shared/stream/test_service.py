"""Lifting work on one message to work on a batch; and what a service reads."""

import pickle
from dataclasses import replace
from datetime import UTC, datetime

from shared.contracts.documents import Lineage, RejectedDocument
from shared.contracts.envelope import Origin, from_headers
from shared.contracts.message import Message
from shared.stream.service import Received, each
from tests.shared.stream.consumed import headers
from tests.shared.stream.numbered.service import SERVICE, SINK, SOURCE, Numbered, NumberedDone


def judge(message: Numbered) -> Message | tuple[Message, ...]:
    """Double 1, reject 2, pass the rest."""
    if message.number == 2:
        lineage = Lineage(
            source="s", url="u", fetched_at=datetime(2026, 1, 1, tzinfo=UTC), licence="l", content_hash="h"
        )
        return RejectedDocument(document_id="d", lineage=lineage, step="length", reason="too_short")
    return (message, message) if message.number == 1 else message


def received(number: int) -> Received[Numbered]:
    """Make a received message."""
    return Received(Numbered(number=number), from_headers(headers(number)), Origin("t", 0, number))


def test_each_gives_one_outcome_a_message_and_survives_pickling() -> None:
    """One message, several, or a rejection with its reason."""
    process = pickle.loads(pickle.dumps(each(judge)))  # noqa: S301 - our own bytes

    outcomes = process([received(number) for number in range(3)])

    assert [(len(outcome.messages), outcome.reason) for outcome in outcomes] == [(1, ""), (2, ""), (1, "too_short")]


def test_a_service_reads_each_of_its_topics_as_that_topics_message() -> None:
    """One source by default; others come beside it."""
    both = replace(SERVICE, also=(SINK,))
    assert list(SERVICE.sources) == [SOURCE.name]
    assert both.sources == {SOURCE.name: SOURCE, SINK.name: SINK}
    assert both.decoders[SINK.name].decode(b'{"number":1,"stored":"s"}') == NumberedDone(number=1, stored="s")
    assert both.decoders[SOURCE.name].decode(b'{"number":1}') == Numbered(number=1)
