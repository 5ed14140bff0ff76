"""An answer's record is looked for where its time is, and found where it came late."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

import msgspec
import pytest

from services.console.answer_records import AnswerRecords
from services.console.terminal import NotDone
from shared.contracts.topics import FEEDBACK_RECEIVED, PREDICTIONS_RECORDED
from shared.stream.record import Record
from tests.services.console.answers import said
from tests.services.console.chains import PREDICTION, request_id
from tests.services.console.memory_topics import AT, MemoryTopics


def record(topics: MemoryTopics, of: str, at: timedelta) -> None:
    """Record the answer `of`, which Kafka has so long after the first."""
    value = msgspec.json.encode(msgspec.structs.replace(PREDICTION, request_id=of))
    topics.put(PREDICTIONS_RECORDED.name, of, value, (), timestamp_ms=int((AT + at).timestamp() * 1_000))


def test_only_what_was_recorded_about_then_is_read() -> None:
    """A topic of a month may hold many millions."""

    class Counting(MemoryTopics):
        read_records = 0

        def records(
            self, topic: str, ends: Mapping[int, int], starts: Mapping[int, int] | None = None
        ) -> Iterator[Record]:
            for record in super().records(topic, ends, starts):
                self.read_records += 1
                yield record

    counting = Counting()
    for mark, minutes in enumerate((-300, -30, 0, 30, 300)):
        after = timedelta(minutes=minutes)
        record(counting, request_id(AT + after, mark), after)
    found, _ = AnswerRecords(counting).prediction(request_id(AT, 2), AT)
    assert found.request_id == request_id(AT, 2)
    assert counting.read_records == 1


def test_an_answer_that_was_recorded_late_is_found() -> None:
    """The gateway keeps them while Kafka is away, and Kafka stamps them when they come."""
    topics = MemoryTopics()
    record(topics, request_id(AT), timedelta(hours=5))
    found, place = AnswerRecords(topics).prediction(request_id(AT), AT)
    assert (found.request_id, place.partition("/")[0]) == (request_id(AT), PREDICTIONS_RECORDED.name)
    with pytest.raises(NotDone, match=r"made at 2026-01-02 .* kept for 30 days"):
        AnswerRecords(topics).prediction(request_id(AT, 9), AT)


def test_each_word_on_an_answer_comes_once() -> None:
    """As it was accepted; what was said of another answer doesn't."""
    topics, first = MemoryTopics(), said(request_id(AT))
    accepted = msgspec.structs.replace(first, accepted=True)
    for word in (first, said(request_id(AT), "writer"), accepted, first, said(request_id(AT, 7))):
        topics.send(FEEDBACK_RECEIVED, word)
    topics.put(FEEDBACK_RECEIVED.name, request_id(AT), b"\xff{", (), int(AT.timestamp() * 1_000))
    assert AnswerRecords(topics).words(request_id(AT), AT) == [accepted, said(request_id(AT), "writer")]
