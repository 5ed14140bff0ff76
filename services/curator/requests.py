"""Reads `erasures-requested`: one request at a time, its offset committed when its receipt is there.

A request that can't be worked on, for how it is written or for a bug, is a dead letter with its original bytes; a
server that is away is not its fault, so the process ends and the request comes again.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event
from typing import Any, Final

import structlog
from kafka import KafkaConsumer
from kafka.structs import OffsetAndMetadata

from services.curator.traces import CONNECT_SECONDS
from shared.contracts.envelope import MalformedEnvelope, from_headers
from shared.contracts.erasures import ErasureRequested
from shared.contracts.message import decode
from shared.contracts.topics import ERASURES_REQUESTED
from shared.io.kafka_errors import kafka_errors
from shared.io.outage import Misconfigured, Outage
from shared.settings import KafkaSettings
from shared.stream.burial import bury
from shared.telemetry.logging import record_bound

log = structlog.get_logger(__name__)

GROUP: Final = "curator"
POLL_SECONDS: Final = 1.0
ERASURE_SECONDS: Final = 6 * 3600
"""How long one erasure may take before Kafka gives the partition to another curator, which does it again."""
SESSION_SECONDS: Final = 10
"""How long Kafka waits for a curator that was killed before another one takes the requests."""


@dataclass
class Requests:
    """Takes requests for as long as it runs.

    `erase` does one; `between` is called about once a second, between requests; `beat` says that the loop turns.
    """

    settings: KafkaSettings
    erase: Callable[[ErasureRequested], object]
    between: Callable[[], None]
    beat: Callable[[bool], None]
    dead_lettered: Callable[[str], None] = lambda _: None
    topic: str = ERASURES_REQUESTED.name
    group: str = GROUP

    def run(self, stop: Event) -> None:
        """Work until `stop`; raises `Outage` and `Misconfigured`."""
        with kafka_errors(self.settings), closing(self._consumer()) as consumer:
            consumer.subscribe([self.topic])
            while not stop.is_set():
                polled = consumer.poll(timeout_ms=int(POLL_SECONDS * 1000), max_records=1)
                for place, records in polled.items():
                    for record in records:
                        self._handle(record)
                        consumer.commit({place: _behind(record)})
                self.beat(bool(consumer.assignment()))
                self.between()

    def _handle(self, record: Any) -> None:  # noqa: ANN401 - kafka-python has no type hints
        with record_bound(record.topic, record.offset):
            try:
                self.erase(_request(record))
            except (Outage, Misconfigured):
                raise
            except Exception as error:  # one request's bug must not hold up all others
                log.exception("erasure_failed")
                self._bury(record, error)

    def _bury(self, record: Any, error: Exception) -> None:  # noqa: ANN401 - see above
        self.dead_lettered(bury(self.settings, record, error, GROUP, datetime.now(UTC)).error)

    def _consumer(self) -> KafkaConsumer:
        return KafkaConsumer(
            bootstrap_servers=self.settings.bootstrap_servers.split(","),
            bootstrap_timeout_ms=CONNECT_SECONDS * 1000,
            client_id="millrace-curator",
            group_id=self.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_interval_ms=ERASURE_SECONDS * 1000,
            session_timeout_ms=SESSION_SECONDS * 1000,
        )


def _request(record: Any) -> ErasureRequested:  # noqa: ANN401 - see above
    if record.value is None:
        raise MalformedEnvelope("the record has no value")
    from_headers(record.headers)
    return decode(ErasureRequested, record.value)


def _behind(record: Any) -> OffsetAndMetadata:  # noqa: ANN401 - see above
    return OffsetAndMetadata(record.offset + 1, "", -1)
