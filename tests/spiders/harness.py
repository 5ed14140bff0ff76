"""Crawls as a real process, on real servers; and reads back what it published."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from kafka import KafkaConsumer, TopicPartition

from infra.local.servers import Endpoints
from services.console.core.topics import Sizing, declared
from services.console.kafka_admin import connected
from services.console.topic_job import apply as apply_topics
from shared.contracts.documents import RawDocument, RejectedDocument
from shared.contracts.envelope import Envelope, MalformedEnvelope, from_headers
from shared.contracts.identity import content_hash
from shared.contracts.message import Message, decode
from shared.contracts.topics import DOCUMENTS_RAW, DOCUMENTS_REJECTED, Topic
from shared.io.retry import RetryPolicy
from shared.io.s3 import S3ObjectStore
from shared.settings import KafkaSettings
from shared.warc.pack import WarcPage, read_response

ROOT = Path(__file__).parents[2]
SECONDS = 90

M = TypeVar("M", bound=Message)


def flywheel_text(source: str, tables: str, delay: float = 0) -> str:
    """Write a flywheel of one source; `tables` are lines of its `[[sources]]` entry, `delay` is in seconds."""
    return f"""
[[sources]]
name = "{source}"
licence = "CC0-1.0"
delay_seconds = {delay}
{tables}

[dataset]
name = "pages"
"""


@dataclass(frozen=True)
class Crawled:
    """A crawl that has ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What it said, line by line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def last(self) -> dict[str, Any]:
        """Its last line."""
        return self.lines[-1]


@dataclass
class Site:
    """One source on the session's servers, with a name that no other test has."""

    servers: Endpoints
    source: str
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def start(self, tables: str, *arguments: str, delay: float = 0) -> "subprocess.Popen[str]":
        """Start a crawl."""
        config = self.folder / "millrace.toml"
        config.write_text(flywheel_text(self.source, tables, delay), "utf-8")
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        own = {"MILLRACE_HOME": str(self.folder / "home"), "TELEMETRY_LOG_FORMAT": "json"}
        return subprocess.Popen(
            [sys.executable, "-m", "spiders", self.source, "--config", str(config), *arguments],
            cwd=ROOT,
            env={**kept, **own, **self.servers.environment, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def crawl(self, tables: str, *arguments: str, delay: float = 0) -> Crawled:
        """Crawl to the end."""
        return ended(self.start(tables, *arguments, delay=delay))

    def raw(self) -> list[tuple[Envelope, RawDocument]]:
        """Give what was published of this source."""
        return [one for one in self._read(DOCUMENTS_RAW) if one[1].lineage.source == self.source]

    def published(self) -> int:
        """Count the pages that were published, of every source."""
        with closing(KafkaConsumer(bootstrap_servers=self.servers.kafka_bootstrap)) as consumer:
            return sum(consumer.end_offsets(_places(consumer, DOCUMENTS_RAW)).values())

    def rejected(self) -> list[tuple[Envelope, RejectedDocument]]:
        """Give what was rejected of this source."""
        return [one for one in self._read(DOCUMENTS_REJECTED) if one[1].lineage.source == self.source]

    def pages(self) -> dict[str, WarcPage]:
        """Read every published page out of its pack, by URL; each must be there, with its digest."""
        with closing(S3ObjectStore.from_settings(self.servers.s3, RetryPolicy(total_seconds=20))) as store:
            return {document.lineage.url: _page(store, document) for _, document in self.raw()}

    def packs(self) -> list[str]:
        """Name the packs of this source."""
        with closing(S3ObjectStore.from_settings(self.servers.s3, RetryPolicy(total_seconds=20))) as store:
            return [found.key for found in store.list(f"raw/{self.source}/")]

    def _read(self, topic: Topic[M]) -> Iterator[tuple[Envelope, M]]:
        consumer = KafkaConsumer(bootstrap_servers=self.servers.kafka_bootstrap, enable_auto_commit=False)
        with closing(consumer):
            places = _places(consumer, topic)
            consumer.assign(places)
            consumer.seek_to_beginning()
            ends = consumer.end_offsets(places)
            while any(consumer.position(place) < ends[place] for place in places):
                for records in consumer.poll(timeout_ms=200).values():
                    for one in records:
                        try:
                            event = from_headers(one.headers), decode(topic.message, one.value)
                        except (MalformedEnvelope, msgspec.DecodeError):
                            continue  # what other tests have put there
                        yield event


def ended(process: "subprocess.Popen[str]") -> Crawled:
    """Wait for the end of a crawl."""
    out, err = process.communicate(timeout=SECONDS)
    return Crawled(process.returncode, out, err)


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait for `condition`; fails, naming `what`, when it does not come to pass in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)


def make_topics(servers: Endpoints, topics: Iterable[Topic[Any]] = (DOCUMENTS_RAW, DOCUMENTS_REJECTED)) -> None:
    """Create topics, by default those that a crawl writes."""
    with connected(KafkaSettings(bootstrap_servers=servers.kafka_bootstrap)) as admin:
        sizing = Sizing(4, 1, 1)
        shapes = declared(topics, sizing)
        apply_topics(admin, shapes, sizing)
        admin.await_ready([shape.name for shape in shapes])


def _places(consumer: Any, topic: Topic[Any]) -> list[TopicPartition]:  # noqa: ANN401 - kafka-python has no type hints
    return [TopicPartition(topic.name, number) for number in consumer.partitions_for_topic(topic.name)]


def _page(store: S3ObjectStore, document: RawDocument) -> WarcPage:
    body = document.body
    member = store.get(body.key, offset=body.offset, length=body.length)
    assert content_hash(member) == body.sha256
    page = read_response(member)
    assert content_hash(page.body) == document.lineage.content_hash
    assert (page.url, page.fetched_at, page.status) == (
        document.lineage.url,
        document.lineage.fetched_at,
        document.status,
    )
    return page
