"""Finds what topics hold of one answer: its record, and what was said of it."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from services.console.core.corrections import read_word
from services.console.terminal import NotDone
from shared.contracts.message import decode
from shared.contracts.predictions import FeedbackReceived, PredictionRecorded
from shared.contracts.timestamp import to_milliseconds
from shared.contracts.topics import FEEDBACK_RECEIVED, PREDICTIONS_RECORDED
from shared.stream.record import Record
from shared.stream.topic_reader import Topics

CLOCKS_APART: Final = timedelta(minutes=1)
"""How far the clocks of the gateway and of Kafka may be apart."""
RECORDED_WITHIN: Final = timedelta(minutes=15)
"""How long after its answer a prediction is looked for first. Few come later: the gateway keeps them while Kafka is
away, and Kafka stamps them when they come."""


class AnswerRecords:
    """Reads topics where the time of an answer is. Every call may raise `Outage`."""

    def __init__(self, reader: Topics) -> None:
        """Read by `reader`."""
        self._reader = reader

    def prediction(self, request_id: str, issued: datetime) -> tuple[PredictionRecorded, str]:
        """Give the record of an answer that was given at `issued`, and its place; raises `NotDone` without one."""
        topic = PREDICTIONS_RECORDED
        starts = self._reader.since(topic.name, to_milliseconds(issued - CLOCKS_APART))
        usual = self._reader.since(topic.name, to_milliseconds(issued + RECORDED_WITHIN))
        for first, end in ((starts, usual), (usual, self._reader.ends(topic.name))):
            for record in self._about(request_id, topic.name, first, end):
                return decode(PredictionRecorded, record.value or b""), str(record.origin)
        kept = topic.retention
        raise NotDone(
            f"no answer is recorded under this id, which was made at {issued:%Y-%m-%d %H:%M:%S %Z}. Answers are kept "
            f"for {kept.days if kept else 'ever'} days; one that was just given is recorded within a second."
        )

    def words(self, request_id: str, issued: datetime) -> list[FeedbackReceived]:
        """Give what was said of the answer, each word once: as it was accepted, where it was."""
        topic, found = FEEDBACK_RECEIVED.name, dict[str, FeedbackReceived]()
        starts = self._reader.since(topic, to_milliseconds(issued - CLOCKS_APART))
        for record in self._about(request_id, topic, starts, self._reader.ends(topic)):
            said = read_word(record)
            if said is not None and (said.accepted or said.feedback_id not in found):
                found[said.feedback_id] = said
        return list(found.values())

    def _about(
        self, request_id: str, topic: str, starts: Mapping[int, int], ends: Mapping[int, int]
    ) -> Iterator[Record]:
        """Yield the records about an answer between two places of each partition."""
        key, between = request_id.encode(), {place: end for place, end in ends.items() if end > starts.get(place, 0)}
        return (record for record in self._reader.records(topic, between, starts) if record.key == key)
