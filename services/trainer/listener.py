"""Reads `datasets-ready`: all that waits at once, committed when every outcome is recorded.

A record that can't be worked on, for how it is written or for a bug, is a dead letter with its original bytes. A server
that is away is not its fault, so the process ends and the record comes again. While a run goes on its partition is
paused, and Kafka is polled all the same: so it knows that we live, and others may come and go.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from threading import Event
from typing import Any, Final

import msgspec
import structlog
from kafka import KafkaConsumer
from kafka.errors import CommitFailedError
from kafka.structs import OffsetAndMetadata, TopicPartition

from services.trainer.executor import Keep, Stopped
from services.trainer.order import DatasetVersion
from services.trainer.scheduler import Ready
from shared.contracts.datasets import DatasetReady
from shared.contracts.envelope import MalformedEnvelope, Origin, from_headers
from shared.contracts.failures import next_attempt
from shared.contracts.message import decode
from shared.contracts.topics import DATASETS_READY
from shared.io.kafka_errors import kafka_errors
from shared.settings import KafkaSettings
from shared.stream.burial import bury

GROUP: Final = "trainer"
CONNECT_SECONDS: Final = 30
POLL_SECONDS: Final = 1.0
MORE_SECONDS: Final = 0.2
"""How long it is waited for a record to come with those that are there."""
SILENT_SECONDS: Final = 600
"""How long Kafka waits between two polls: longer than a server may stay away before it is an outage."""
SESSION_SECONDS: Final = 10
"""How long Kafka waits for a trainer that was killed before another one is given the topic."""

log = structlog.get_logger()

Handle = Callable[[Sequence[Ready], Keep], Mapping[str, Exception]]
"""Does what is to be done about versions that are ready; gives, by `<dataset>/<version>`, why it could not be done."""


@dataclass
class Listener:
    """Takes what is said of ready versions, for as long as it runs.

    `instance` is this process's name in the group. `beat` says that the loop turns, and whether the topic is ours;
    `waiting` is told how many versions were taken, and `dead_lettered` the class of each error.
    """

    settings: KafkaSettings
    handle: Handle
    instance: str
    beat: Callable[[bool], None]
    waiting: Callable[[int], None] = lambda _: None
    dead_lettered: Callable[[str], None] = lambda _: None
    topic: str = DATASETS_READY.name
    group: str = GROUP

    def run(self, stop: Event) -> None:
        """Work until `stop`; raises `Outage` and `Misconfigured`."""
        with kafka_errors(self.settings), closing(self._consumer()) as consumer:
            consumer.subscribe([self.topic])
            while not stop.is_set():
                records = _all_that_wait(consumer)
                self.beat(bool(consumer.assignment()))
                if records:
                    try:
                        self._work(consumer, records)
                    except Stopped:
                        return

    def _work(self, consumer: KafkaConsumer, records: Sequence[Any]) -> None:
        """Do what `records` ask for, and commit them."""
        read = [_read(record) for record in records]
        good = [one for one in read if isinstance(one, Ready)]
        self.waiting(len({one.dataset for one in good}))
        failures = self.handle(good, partial(self._keep, consumer))
        for record, one in zip(records, read, strict=True):
            error = failures.get(str(one.dataset)) if isinstance(one, Ready) else one
            if error is not None:
                self._bury(record, error)
        try:
            consumer.commit({_place(record): OffsetAndMetadata(record.offset + 1, "", -1) for record in records})
        except CommitFailedError as error:  # the topic is another trainer's by now, who finds it all done
            log.info("commit_refused", reason=str(error))
        consumer.resume(*consumer.paused())
        self.waiting(0)

    def _keep(self, consumer: KafkaConsumer) -> None:
        """Tell Kafka that we live, and take nothing."""
        consumer.pause(*consumer.assignment())
        for place, records in consumer.poll(timeout_ms=0).items():  # of a partition that we were just given
            consumer.seek(place, records[0].offset)
        self.beat(bool(consumer.assignment()))

    def _bury(self, record: Any, error: Exception) -> None:  # noqa: ANN401 - kafka-python has no type hints
        log.error("record_failed", topic=record.topic, offset=record.offset, error=repr(error))
        self.dead_lettered(bury(self.settings, record, error, GROUP, datetime.now(UTC)).error)

    def _consumer(self) -> KafkaConsumer:
        return KafkaConsumer(
            bootstrap_servers=self.settings.bootstrap_servers.split(","),
            bootstrap_timeout_ms=CONNECT_SECONDS * 1000,
            client_id="millrace-trainer",
            group_id=self.group,
            group_instance_id=self.instance,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_interval_ms=SILENT_SECONDS * 1000,
            session_timeout_ms=SESSION_SECONDS * 1000,
        )


def _all_that_wait(consumer: KafkaConsumer) -> list[Any]:
    """Take every record that waits, in order; wait a while where there is none."""
    taken: list[Any] = []
    found = _polled(consumer, POLL_SECONDS)
    while found:
        taken += found
        found = _polled(consumer, MORE_SECONDS)
    return taken


def _polled(consumer: KafkaConsumer, seconds: float) -> list[Any]:
    polled: Iterable[list[Any]] = consumer.poll(timeout_ms=int(seconds * 1000)).values()
    return [record for records in polled for record in records]


def _read(record: Any) -> Ready | Exception:  # noqa: ANN401 - see above
    """Read what a record says; gives the error of one that can't be read."""
    try:
        return _ready(record)
    except (MalformedEnvelope, msgspec.DecodeError) as error:
        return error


def _ready(record: Any) -> Ready:  # noqa: ANN401 - see above
    if record.value is None:
        raise MalformedEnvelope("the record has no value")
    envelope = from_headers(record.headers)
    message = decode(DatasetReady, record.value)
    return Ready(
        dataset=DatasetVersion(
            name=message.dataset,
            version=message.version,
            sha256=message.manifest.sha256,
            evaluation_set=message.evaluation_set,
        ),
        trigger=message.trigger,
        rows=message.rows.get("split:train", 0),
        origin=Origin(record.topic, record.partition, record.offset),
        traceparent=envelope.traceparent,
        again=next_attempt(record.headers) > 1,
    )


def _place(record: Any) -> TopicPartition:  # noqa: ANN401 - see above
    return TopicPartition(record.topic, record.partition)
