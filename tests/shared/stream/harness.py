"""Drives the service under test as a real process against a real Kafka: publishes, kills, counts."""

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError
from kafka.structs import TopicPartition

from shared.contracts.envelope import Headers
from shared.contracts.message import encode
from shared.contracts.topics import DEAD_LETTER_LIMIT_BYTES, RECORD_LIMIT_BYTES
from shared.settings import StoreSettings
from shared.stream.exits import Exit
from tests.shared.stream.consumed import Consumed, headers
from tests.shared.stream.numbered.service import Numbered

PARTITIONS: Final = 4
LIMITS: Final = {"in": RECORD_LIMIT_BYTES, "out": RECORD_LIMIT_BYTES, "in-dlq": DEAD_LETTER_LIMIT_BYTES}
ROOT: Final = Path(__file__).parents[3]
BEGINNING: Final = (CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError)
"""What a broker that has just started says of a group."""


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait for `condition`; gives the seconds that it took. Fails, naming `what`, when they run out."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > seconds:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(0.02)
    return time.monotonic() - started


@dataclass
class Flow:
    """The topics of one test, with what goes in and what has come out."""

    bootstrap: str
    s3: StoreSettings
    engine: str
    folder: Path
    prefix: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:10]}")

    def __post_init__(self) -> None:
        """Create the topics."""
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        counts = {"in": PARTITIONS, "out": PARTITIONS, "in-dlq": 1}
        topics = {
            f"{self.prefix}-{name}": {"num_partitions": count, "configs": {"max.message.bytes": LIMITS[name]}}
            for name, count in counts.items()
        }
        admin.create_topics(topics, wait_for_metadata=True)
        admin.close()

    @property
    def group(self) -> str:
        """The consumer group of the service under test."""
        return f"{self.prefix}-service"

    def publish(self, messages: Iterable[Numbered], partition: int | None = None) -> None:
        """Publish `messages`, spread over the partitions by number."""
        self.publish_raw(
            (encode(message), message.number % PARTITIONS if partition is None else partition, headers(message.number))
            for message in messages
        )

    def publish_raw(self, records: Iterable[tuple[bytes | None, int, Headers]], name: str = "in") -> None:
        """Publish values as they are, each to its partition."""
        producer = KafkaProducer(
            bootstrap_servers=self.bootstrap, linger_ms=5, compression_type="zstd", max_request_size=10**8
        )
        for value, partition, record_headers in records:
            producer.send(f"{self.prefix}-{name}", value, b"key", headers=list(record_headers), partition=partition)
        producer.flush()
        producer.close()

    def read(self, name: str) -> list[Consumed]:
        """Read the whole topic."""
        with self._consumer() as consumer:
            places = _places(consumer, f"{self.prefix}-{name}")
            consumer.assign(places)
            consumer.seek_to_beginning(*places)
            ends = consumer.end_offsets(places)
            found: list[Consumed] = []
            while any(consumer.position(place) < ends[place] for place in places):
                for records in consumer.poll(timeout_ms=200).values():
                    found += [
                        Consumed(one.partition, one.offset, one.key, one.value, tuple(one.headers)) for one in records
                    ]
            return found

    def count(self, name: str) -> int:
        """Count the records of the topic."""
        with self._consumer() as consumer:
            return sum(consumer.end_offsets(_places(consumer, f"{self.prefix}-{name}")).values())

    def committed(self, name: str = "in") -> dict[int, int]:
        """Give the committed offset of each partition of the source."""
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        try:
            offsets = admin.list_group_offsets(self.group).get(self.group, {})
        except BEGINNING:
            offsets = {}
        finally:
            admin.close()
        topic = f"{self.prefix}-{name}"
        return {place.partition: found.offset for place, found in offsets.items() if place.topic == topic}

    def members(self) -> list[int]:
        """Give how many partitions each member of the group holds, sorted."""
        admin = KafkaAdminClient(bootstrap_servers=self.bootstrap)
        try:
            group = admin.describe_groups([self.group])[self.group]
        except BEGINNING:
            return []
        finally:
            admin.close()
        return sorted(_held(member) for member in group["members"])

    def finished(self, name: str = "in") -> bool:
        """Say whether everything that was published is committed."""
        with self._consumer() as consumer:
            ends = consumer.end_offsets(_places(consumer, f"{self.prefix}-{name}"))
        committed = self.committed(name)
        return all(committed.get(place.partition, 0) >= end for place, end in ends.items())

    def worker(self, **env: str) -> "Worker":
        """Start a process of the service under test."""
        return Worker(self, env)

    @contextmanager
    def _consumer(self) -> Iterator[Any]:
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap, enable_auto_commit=False, fetch_max_bytes=8_000_000)
        try:
            yield consumer
        finally:
            consumer.close()


def _places(consumer: Any, topic: str) -> list[TopicPartition]:  # noqa: ANN401 - kafka-python has no type hints
    return [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]


@dataclass
class Worker:
    """One process of the service under test; `arguments` are Python's, after `-m`."""

    flow: Flow
    env: dict[str, str]
    arguments: tuple[str, ...] = ("tests.shared.stream.numbered",)

    def __post_init__(self) -> None:
        """Start it; its output goes to a file that `log` reads."""
        self._log = self.flow.folder / f"worker-{uuid.uuid4().hex[:6]}.log"
        with self._log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self.arguments],
                cwd=ROOT,
                env=os.environ | self._environment() | self.env,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> "Worker":
        """Use the worker; it is killed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Kill it, if it still runs."""
        self.kill()

    @property
    def log(self) -> str:
        """What it has written."""
        return self._log.read_text()

    def running(self) -> bool:
        """Say whether it runs."""
        return self.process.poll() is None

    def until(self, condition: Callable[[], bool], seconds: float = 60) -> float:
        """Wait for `condition`, and give the seconds that it took; fails with the worker's log, at once if it ended."""
        started = time.monotonic()
        while not condition():
            assert self.running(), f"ended with {self.process.returncode}:\n{self.log}"
            assert time.monotonic() - started < seconds, f"not within {seconds:g} s:\n{self.log}"
            time.sleep(0.05)
        return time.monotonic() - started

    def finish(self) -> None:
        """Wait until everything that was published is committed."""
        self.until(self.flow.finished)

    def kill(self) -> None:
        """Kill it with SIGKILL."""
        self.process.kill()
        self.process.wait()

    def terminate(self) -> None:
        """Ask it to drain."""
        self.process.send_signal(signal.SIGTERM)

    def exit_code(self, seconds: float = 60) -> int:
        """Wait for its end; gives its exit code."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired as late:
            raise AssertionError(f"still running after {seconds:g} s:\n{self.log}") from late

    def _environment(self) -> dict[str, str]:
        store = self.flow.s3
        return {
            "NUMBERED_PREFIX": self.flow.prefix,
            "MILLRACE_HOME": str(self.flow.folder / "home"),
            "KAFKA_BOOTSTRAP_SERVERS": self.flow.bootstrap,
            "S3_ENDPOINT": store.endpoint,
            "S3_ACCESS_KEY": store.access_key,
            "S3_SECRET_KEY": store.secret_key.get_secret_value(),
            "S3_BUCKET": store.bucket,
            "STREAM_ENGINE": self.flow.engine,
            "STREAM_POOL_WORKERS": "1",
            "STREAM_SESSION_TIMEOUT_SECONDS": "6",
            "TELEMETRY_METRICS_PORT": "0",
            "TELEMETRY_LOG_FORMAT": "json",
        }


class Supervised:
    """Keeps one worker running, as a supervisor does: started again whenever it ends with exit code 70."""

    def __init__(self, flow: Flow, **env: str) -> None:
        """Start the worker."""
        self._flow = flow
        self._env = env
        self._over = threading.Event()
        self.exits: list[int] = []
        self.worker = flow.worker(**env)
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def __enter__(self) -> "Supervised":
        """Use it; the worker is killed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching and kill the worker."""
        self._over.set()
        while self._thread.is_alive():  # it may be starting another one just now
            self.worker.kill()
            self._thread.join(0.2)
        self.worker.kill()

    @property
    def restarts(self) -> int:
        """How often the worker ended by itself and was started again."""
        return self.exits.count(Exit.OUTAGE)

    def _keep(self) -> None:
        while True:
            code = self.worker.process.wait()
            self.exits.append(code)
            if self._over.is_set() or code not in (Exit.OUTAGE, -signal.SIGKILL):
                return
            self.worker = self._flow.worker(**self._env)


def _held(member: dict[str, Any]) -> int:
    """Count the partitions of a member of a group, as Kafka describes it."""
    assigned = (member["member_assignment"] or {}).get("assigned_partitions", [])
    return sum(len(topic["partitions"]) for topic in assigned)
