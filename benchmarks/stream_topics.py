"""The topics that `make bench-stream` fills, the processes that it runs on them, and the count of what comes out."""

import os
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psutil
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.structs import TopicPartition

from benchmarks.stream_service import Page
from infra.local.servers import Endpoints
from shared.contracts.envelope import Envelope, to_headers
from shared.contracts.message import encode

PARTITIONS: Final = 4
COUNTS: Final = {"1 KB": 20_000, "20 KB": 3_000}
BYTES: Final = {"1 KB": 1_000, "20 KB": 20_000}
GIVE_UP_SECONDS: Final = 120
CONTENDERS: Final = {
    "faust take(100)": (["faust-take"], {}),
    "aiokafka getmany": (["aiokafka"], {}),
    "runner on faust": (["runner"], {"STREAM_ENGINE": "faust"}),
    "runner on aiokafka": (["runner"], {"STREAM_ENGINE": "aiokafka"}),
}


@dataclass
class Topics:
    """The topics of one message size, full of messages."""

    endpoints: Endpoints
    size: str
    prefix: str = field(default_factory=lambda: f"bench{uuid.uuid4().hex[:8]}")

    def create(self) -> None:
        """Create and fill them."""
        admin = KafkaAdminClient(bootstrap_servers=self.endpoints.kafka_bootstrap)
        names = {f"{self.prefix}-{name}": {"num_partitions": PARTITIONS} for name in ("in", "in-dlq", "out")}
        admin.create_topics(names, wait_for_metadata=True)
        admin.close()
        self.fill(COUNTS[self.size])

    def count(self) -> int:
        """Count the messages of the source."""
        consumer = KafkaConsumer(bootstrap_servers=self.endpoints.kafka_bootstrap, enable_auto_commit=False)
        places = [TopicPartition(f"{self.prefix}-in", number) for number in range(PARTITIONS)]
        total = sum(consumer.end_offsets(places).values())
        consumer.close()
        return int(total)

    def fill(self, count: int) -> None:
        """Publish `count` messages more."""
        producer = KafkaProducer(
            bootstrap_servers=self.endpoints.kafka_bootstrap, linger_ms=20, compression_type="zstd", batch_size=262_144
        )
        chance = random.Random(1)  # noqa: S311 - text, not secrets
        for number in range(count):
            page = Page(number=number, body=_text(chance, BYTES[self.size]))
            producer.send(f"{self.prefix}-in", encode(page), str(number).encode(), headers=list(headers(number)))
        producer.flush()
        producer.close()

    @contextmanager
    def run(self, contender: str, group: str, home: Path) -> Iterator[psutil.Process]:
        """Run a contender as a member of `group`, for as long as the block runs."""
        arguments, own = CONTENDERS[contender]
        ours = {"BENCH_PREFIX": self.prefix, "BENCH_GROUP": group, "MILLRACE_HOME": str(home)}
        env = os.environ | self.endpoints.environment | own | ours
        with (home / "bench.log").open("ab") as log:
            command = [sys.executable, "-m", "benchmarks.stream_contenders", *arguments]
            process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        try:
            yield psutil.Process(process.pid)
        finally:
            process.kill()
            process.wait()


class Sink:
    """Watches the end of the sink."""

    def __init__(self, topics: Topics) -> None:
        """Connect."""
        self._consumer = KafkaConsumer(bootstrap_servers=topics.endpoints.kafka_bootstrap, enable_auto_commit=False)
        self._places = [TopicPartition(f"{topics.prefix}-out", number) for number in range(PARTITIONS)]

    def count(self) -> int:
        """Count the records."""
        return sum(self._consumer.end_offsets(self._places).values())

    def wait_for(self, count: int) -> float:
        """Wait until there are `count`; gives the moment in seconds."""
        started = time.perf_counter()
        while self.count() < count:
            if time.perf_counter() - started > GIVE_UP_SECONDS:
                raise TimeoutError(f"{self.count()} of {count} after {GIVE_UP_SECONDS} s")
            time.sleep(0.02)
        return time.perf_counter()

    def follow(self) -> Iterator[Any]:
        """Yield what comes from now on."""
        self._consumer.assign(self._places)
        self._consumer.seek_to_end(*self._places)
        for place in self._places:
            self._consumer.position(place)
        while True:
            for records in self._consumer.poll(timeout_ms=1000).values():
                yield from records


def _text(chance: random.Random, size: int) -> str:
    """Write `size` bytes of words, half of them Chinese."""
    words = ["数据", "文档", "模型", "训练", "stream", "document", "millrace", "kafka", "表格", "公式"]
    written: list[str] = []
    length = 0
    while length < size:
        word = f"{chance.choice(words)}{chance.randrange(1000)}"
        length += len(word.encode()) + 1
        written.append(word)
    return " ".join(written)


def headers(number: int) -> Sequence[tuple[str, bytes | None]]:
    """Give the headers of the page with `number`."""
    return to_headers(
        Envelope(
            id=f"id-{number}",
            source="/bench",
            type="bench.page",
            time=datetime(2026, 1, 1, tzinfo=UTC),
            dataschema="bench/v1",
            partitionkey=str(number),
        )
    )
