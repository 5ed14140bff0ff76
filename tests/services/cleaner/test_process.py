"""The cleaner's own process, on real servers: pages in, documents and rejections out."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from infra.local.servers import Endpoints, running_servers
from services.cleaner.app import service
from shared.contracts.documents import CleanDocument, Lineage, RejectedDocument
from shared.contracts.envelope import from_headers, to_headers
from shared.contracts.identity import document_id
from shared.contracts.message import INLINE_LIMIT_BYTES, Message, decode, encode
from shared.contracts.topics import DOCUMENTS_CLEAN, DOCUMENTS_RAW, DOCUMENTS_REJECTED, Topic
from shared.flywheel.load import load_flywheel
from shared.io.s3 import S3ObjectStore
from shared.stream.exits import Exit
from shared.warc.pack import write_response
from tests.infra.local.waiting import until
from tests.services.cleaner.builders import CHINESE, ENGLISH, NOW, page, received

ROOT: Final = Path(__file__).parents[3]
CONFIG: Final = """
[[sources]]
name = "help"
start_urls = ["http://127.0.0.1:8808/"]
delay_seconds = 0
licence = "MPL-2.0"
[dataset]
name = "help"
"""
LONG: Final = " ".join(
    sha256(str(number).encode()).hexdigest().translate(str.maketrans("0123456789", "ghijklmnop"))
    for number in range(INLINE_LIMIT_BYTES // 60)
)
PAGES: Final[Mapping[str, bytes]] = {
    "en": page(ENGLISH),
    "zh": page(CHINESE, charset="gb18030"),
    "again": page(ENGLISH),
    "long": page(f"{ENGLISH} {LONG}"),
    "empty": b"",
    "binary": b"%PDF-1.7",
}


@dataclass(frozen=True)
class Run:
    """What a cleaner did that found no cache, and what the next one did, to which it came back."""

    places: Endpoints
    config: Path
    without_cache: int
    log: str
    found: list[Message]
    stopped: int


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Publish the pages, and run both cleaners, the second until every record has its outcome."""
    folder = tmp_path_factory.mktemp("cleaner")
    config, log = folder / "millrace.toml", folder / "cleaner.log"
    config.write_text(CONFIG)
    with running_servers(folder / "servers") as servers:
        places = servers.endpoints
        servers.cache.kill()
        _publish(places)
        with _cleaner(places, config, STREAM_OUTAGE_SECONDS="8") as process:
            without_cache = process.wait(180)
        said = log.read_text()
        with _cleaner(places, config) as process:
            until(lambda: "attempt_failed" in log.read_text(), within_seconds=120)
            servers.cache.start()
            servers.cache.wait_ready()
            found = _outcomes(places, process, len(PAGES) + 1)
            process.send_signal(signal.SIGTERM)
            stopped = process.wait(120)
        yield Run(places, config, without_cache, said, found, stopped)


@pytest.mark.integration
def test_pages_go_in_and_documents_come_out(run: Run) -> None:
    """Each page has one outcome, a record that is none is a dead letter, and a signal ends it all in order."""
    clean = {_name(message): message for message in run.found if isinstance(message, CleanDocument)}
    rejected = {_name(message): message.reason for message in run.found if isinstance(message, RejectedDocument)}
    twin = next(name for name in ("en", "again") if name in clean)
    assert set(clean) == {twin, "zh", "long"}
    assert rejected == {
        "empty": "empty",
        "binary": "binary",
        next(name for name in ("en", "again") if name != twin): "exact-duplicate",
    }
    assert clean["zh"].text == f"Filters\n\n{CHINESE}"
    assert clean["zh"].lineage.rule_set == service(load_flywheel(run.config), run.places.s3.bucket).rule_set
    body = clean["long"].body
    assert body is not None
    with closing(S3ObjectStore.from_settings(run.places.s3)) as store:
        assert LONG in store.get(body.key).decode()
    assert run.stopped == Exit.OK


@pytest.mark.integration
def test_nothing_is_lost_while_the_cache_is_away(run: Run) -> None:
    """The cleaner waits, past its bound ends with 70, and once the cache is back each page has one outcome."""
    assert run.without_cache == Exit.OUTAGE
    assert "Valkey" in run.log
    names = {(type(message), _name(message)) for message in run.found}  # type: ignore[arg-type]  # two kinds
    assert len(names) == len(run.found) == len(PAGES)


def _publish(places: Endpoints) -> None:
    """Put the pages into one pack, publish them, and one record that is no event."""
    admin = KafkaAdminClient(bootstrap_servers=places.kafka_bootstrap)
    names = [topic.name for topic in (DOCUMENTS_RAW, DOCUMENTS_CLEAN, DOCUMENTS_REJECTED)]
    admin.create_topics(
        {name: {"num_partitions": 1} for name in (*names, DOCUMENTS_RAW.dead_letters)}, wait_for_metadata=True
    )
    admin.close()
    producer = KafkaProducer(bootstrap_servers=places.kafka_bootstrap)
    with closing(S3ObjectStore.from_settings(places.s3)) as store:
        for name, body in PAGES.items():
            url = f"http://127.0.0.1:8808/{name}"
            member = write_response(url, NOW, 200, (("Content-Type", "text/html"),), body)
            store.put(f"packs/{name}", member)
            record = received(body, packed=member)
            claim = msgspec.structs.replace(record.message.body, bucket=places.s3.bucket, key=f"packs/{name}")
            raw = msgspec.structs.replace(
                record.message,
                document_id=document_id(url),
                body=claim,
                content_type="text/html",
                lineage=msgspec.structs.replace(record.message.lineage, url=url),
            )
            envelope = msgspec.structs.replace(record.envelope, id=secrets.token_hex(8), partitionkey=raw.document_id)
            producer.send(DOCUMENTS_RAW.name, encode(raw), raw.document_id.encode(), headers=list(to_headers(envelope)))
    producer.send(DOCUMENTS_RAW.name, b"no event", b"key")
    producer.close()


@contextmanager
def _cleaner(places: Endpoints, config: Path, **more: str) -> Iterator["subprocess.Popen[bytes]"]:
    settings = {
        "MILLRACE_CONFIG": str(config),
        "MILLRACE_HOME": str(config.parent / "home"),
        "STREAM_POOL_WORKERS": "1",
        "TELEMETRY_METRICS_PORT": "0",
    }
    with (
        (config.parent / "cleaner.log").open("wb") as out,
        subprocess.Popen(
            [sys.executable, "-m", "services.cleaner"],
            cwd=ROOT,
            env=os.environ | places.environment | settings | more,
            stdout=out,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def _outcomes(places: Endpoints, process: "subprocess.Popen[bytes]", count: int) -> list[Message]:
    """Read what came out until there are `count` records, dead letters included."""
    topics: tuple[Topic[Any], ...] = (DOCUMENTS_CLEAN, DOCUMENTS_REJECTED)
    names = {topic.name: topic for topic in topics}
    consumer = KafkaConsumer(bootstrap_servers=places.kafka_bootstrap, enable_auto_commit=False)
    parts = [TopicPartition(name, 0) for name in (*names, DOCUMENTS_RAW.dead_letters)]
    consumer.assign(parts)
    consumer.seek_to_beginning(*parts)
    found, seen, started = [], 0, time.monotonic()
    with closing(consumer):
        while seen < count:
            assert process.poll() is None, f"the cleaner ended with {process.returncode}"
            assert time.monotonic() - started < 120, f"{seen} of {count} outcomes"
            for records in consumer.poll(timeout_ms=200).values():
                seen += len(records)
                for record in (one for one in records if one.topic in names):
                    assert from_headers(record.headers).origin is not None
                    found.append(decode(names[record.topic].message, record.value))
    return found


def _name(message: CleanDocument | RejectedDocument) -> str:
    lineage: Lineage = message.lineage
    return lineage.url.rpartition("/")[2]
