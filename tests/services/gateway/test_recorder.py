"""Records go behind the answers: in batches, within a bound, none lost while there is room, and losses are told."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec
import pytest
from structlog.testing import capture_logs

from services.gateway import recorder
from services.gateway.events import BATCH_BYTES
from services.gateway.metrics import GatewayMetrics
from services.gateway.recorder import BATCH_RECORDS, RECORD_BYTES, Recorder
from shared.contracts.envelope import from_headers
from shared.contracts.predictions import PredictionRecorded
from shared.contracts.topics import PREDICTIONS_RECORDED
from shared.io.record import OutgoingRecord
from tests.services.gateway.waiting import until
from tests.services.gateway.world import AT, MemoryEvents

ROOM = 100


class SlowEvents(MemoryEvents):
    """Takes no more than `most` records at once, and remembers how many were brought."""

    def __init__(self, most: int = 3) -> None:
        """Start empty."""
        super().__init__()
        self.most = most
        self.batches: list[int] = []

    async def send_batch(self, records: Sequence[OutgoingRecord]) -> int:
        """Keep the first ones."""
        self.batches.append(len(records))
        return await super().send_batch(records[: self.most])


def prediction(number: int, text: str | None = None) -> PredictionRecorded:
    """Make the prediction of a number."""
    return PredictionRecorded(
        request_id=f"r{number:05d}",
        customer="default",
        model="topic",
        model_version=1,
        dataset_version=4,
        input_hash="ab" * 16,
        label="writer",
        at=AT,
        text=text,
    )


class Recording:
    """A recorder that runs."""

    def __init__(self, events: MemoryEvents | None = None, room: int = ROOM) -> None:
        """Record to memory, with room for so many."""
        self.events = events or MemoryEvents()
        self.metrics = GatewayMetrics()
        self.recorder = Recorder(self.events, self.metrics, room * RECORD_BYTES)

    async def run_until(self, condition: Callable[[], object]) -> None:
        """Run until `condition`."""
        running = asyncio.create_task(self.recorder.run())
        try:
            await until(condition)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    @property
    def ids(self) -> list[str]:
        """What was recorded."""
        return sorted(one.request_id for one in self.events.messages(PREDICTIONS_RECORDED))

    def unrecorded(self) -> dict[str, float]:
        """Count what was lost, by reason."""
        samples = (one for family in self.metrics.registry.collect() for one in family.samples)
        name = "millrace_predictions_unrecorded_total"
        return {one.labels["reason"]: one.value for one in samples if one.name == name}


async def test_what_is_kept_is_sent_in_batches_and_as_a_cloud_event() -> None:
    """Each once, under the request's id."""
    events = SlowEvents()
    recording = Recording(events)
    for number in range(7):
        recording.recorder.record(prediction(number))
    await recording.run_until(lambda: len(recording.ids) == 7)
    assert recording.ids == [f"r{number:05d}" for number in range(7)]
    assert events.batches == [7, 4, 1]
    record = next(iter(events.producer.records(PREDICTIONS_RECORDED.name)))
    envelope = from_headers(record.headers)
    assert record.key == envelope.id.encode()
    assert (envelope.source, envelope.time) == ("/millrace/gateway", AT)


async def test_a_backlog_is_sent_without_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause before each batch would be a bound on how many are recorded a second, whatever Kafka takes."""
    monkeypatch.setattr(recorder, "LINGER_SECONDS", 3_600.0)
    recording = Recording(room=20 * BATCH_RECORDS)
    for number in range(20 * BATCH_RECORDS):
        recording.recorder.record(prediction(number))
    await recording.run_until(lambda: len(recording.events.producer.records(PREDICTIONS_RECORDED.name)) == 10_000)
    assert recording.ids == [f"r{number:05d}" for number in range(20 * BATCH_RECORDS)]
    assert recording.unrecorded() == {}


async def test_long_texts_fill_a_batch_sooner(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Kafka would not take at once isn't encoded; a batch of bytes isn't one of records."""
    monkeypatch.setattr(recorder, "LINGER_SECONDS", 3_600.0)
    events = SlowEvents(most=15)
    recording = Recording(events, room=1_000_000)
    for number in range(30):
        recording.recorder.record(prediction(number, "怎" * 20_000))
    await recording.run_until(lambda: events.batches)
    assert events.batches[0] == BATCH_BYTES // 60_000


async def test_a_full_room_is_told_once_and_is_no_outage() -> None:
    """With the remedy; and once more only after half of it was free."""
    recording = Recording(SlowEvents(), room=10)

    async def told_of(records: int) -> list[str]:
        with capture_logs() as told:
            for number in range(records):
                recording.recorder.record(prediction(number))
            assert await recording.recorder._sent()
        return [f"{one['event']}: {one['why']}" for one in told]

    (told,) = await told_of(15)
    assert told.startswith("predictions_unrecorded: the room for records is full")
    assert "GATEWAY_RECORD_BYTES" in told
    assert await told_of(5) == []
    assert [await told_of(0), await told_of(0), len(await told_of(15))] == [[], [], 1]


async def test_an_outage_keeps_them_and_what_has_no_room_is_counted() -> None:
    """Nothing waits for Kafka but the records; the first ones are kept, the last ones are lost."""
    recording = Recording(room=5)
    recording.events.away = True
    for number in range(8):
        recording.recorder.record(prediction(number))
    assert recording.unrecorded() == {"full": 3}
    assert not await recording.recorder._sent()
    recording.events.away = False
    await recording.run_until(lambda: len(recording.ids) == 5)
    assert recording.ids == [f"r{number:05d}" for number in range(5)]
    recording.recorder.record(prediction(9))
    assert recording.unrecorded() == {"full": 3}


async def test_texts_count_by_their_length() -> None:
    """A bound on records alone would be none on memory."""
    recording = Recording(room=5)
    recording.recorder.record(prediction(1, "x" * RECORD_BYTES))
    recording.recorder.record(prediction(2, "x"))
    assert recording.unrecorded() == {"full": 1}


async def test_labels_count_too() -> None:
    """A model of a thousand labels keeps as many numbers in each record; what was sent is room again."""
    recording = Recording(room=100)
    many = {f"label {number}": 0.001 for number in range(1_000)}
    for number in range(3):
        recording.recorder.record(msgspec.structs.replace(prediction(number), probabilities=many))
    assert recording.unrecorded() == {"full": 2}
    await recording.run_until(lambda: recording.ids)
    recording.recorder.record(msgspec.structs.replace(prediction(9), probabilities=many))
    assert recording.unrecorded() == {"full": 2}


async def test_a_stop_sends_what_is_left() -> None:
    """All of it, in as many batches as it takes."""
    recording = Recording(SlowEvents())
    for number in range(10):
        recording.recorder.record(prediction(number))
    await recording.recorder.stop(10)
    assert len(recording.ids) == 10
    assert recording.unrecorded() == {}


async def test_a_stop_while_kafka_is_away_counts_what_is_lost() -> None:
    """It waits no longer than it may."""
    recording = Recording()
    recording.events.away = True
    for number in range(10):
        recording.recorder.record(prediction(number))
    await recording.recorder.stop(10)
    assert recording.unrecorded() == {"stopped": 10}
