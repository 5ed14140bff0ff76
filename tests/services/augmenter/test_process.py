"""The augmenter's own process, on real servers: documents in, rows in the making out."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from infra.local.servers import Endpoints
from shared.contracts.documents import AugmentedDocument, CleanDocument, RejectedDocument
from shared.contracts.envelope import from_headers, to_headers
from shared.contracts.failures import from_headers as letter_of
from shared.contracts.message import ClaimCheck, decode, encode
from shared.contracts.split import Split
from shared.contracts.topics import DOCUMENTS_AUGMENTED, DOCUMENTS_CLEAN, DOCUMENTS_REJECTED
from shared.io.s3 import S3ObjectStore
from shared.stream.exits import Exit
from tests.conftest import StartServers
from tests.services.augmenter.builders import CHINESE, clean, received

ROOT: Final = Path(__file__).parents[3]
CONFIG: Final = """
[[sources]]
name = "help"
start_urls = ["http://127.0.0.1:8808/"]
delay_seconds = 0
licence = "MPL-2.0"
[sources.labels.application]
path = "/text/s(calc|writer)/"
[dataset]
name = "help"
[augmentation]
operations = ["synonyms", "swap", "convert-script"]
synonyms = "words.txt"
"""
LONG: Final = "Choose a style for the large table. " * 3_000
KafkaRecord = Any
"""kafka-python has no type hints."""
RESULTS: Final = (DOCUMENTS_AUGMENTED.name, DOCUMENTS_REJECTED.name, DOCUMENTS_CLEAN.dead_letters)
OPERATIONS: Final[Mapping[str, list[str]]] = {
    "en": ["", "swap", "synonyms"],
    "zh": ["", "convert-script", "swap", "synonyms"],
    "long": ["", "swap", "synonyms"],
    "test": [""],
}


@pytest.mark.integration
def test_documents_go_in_and_rows_in_the_making_come_out(own_servers: StartServers, tmp_path: Path) -> None:
    """Twice the same in, twice the same ids out; long texts go by the store; what can't be read is a dead letter."""
    places = own_servers("kafka", "s3").endpoints
    (tmp_path / "millrace.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "words.txt").write_text("large, big\n文档，文件\n", encoding="utf-8")  # noqa: RUF001 - a Chinese comma
    with closing(S3ObjectStore.from_settings(places.s3)) as store:
        documents = _documents(store, places.s3.bucket)
        _publish(places, documents)
        with _augmenter(places, tmp_path) as process:
            found = _results(places, process)
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == Exit.OK
        _check_rows(store, found, documents)
    rejected = [decode(RejectedDocument, record.value) for record in found[DOCUMENTS_REJECTED.name]]
    assert [(one.document_id, one.reason) for one in rejected] == [("gone", "unknown-source")] * 2
    letters = [letter_of(tuple(record.headers)).error for record in found[DOCUMENTS_CLEAN.dead_letters]]
    assert sorted(letters) == ["BodyMissing"] * 2 + ["ValueError"] * 2


def _check_rows(
    store: S3ObjectStore, found: Mapping[str, list[KafkaRecord]], documents: Mapping[str, CleanDocument]
) -> None:
    rows = [(from_headers(record.headers), decode(AugmentedDocument, record.value)) for record in found[RESULTS[0]]]
    by_document = {
        name: sorted(message.lineage.op for _, message in rows if message.document_id == name) for name in documents
    }
    assert {name: ops for name, ops in by_document.items() if ops} == {
        name: sorted(operations * 2) for name, operations in OPERATIONS.items()
    }
    made = {envelope.id: message for envelope, message in rows}
    assert 2 * len(made) == len(rows)
    assert all(made[envelope.id] == message for envelope, message in rows)
    for message in made.values():
        assert message.labels == {"application": "calc"}
        assert message.lineage.parent_id == (f"event-{message.document_id}" if message.lineage.op else None)
        body = message.body
        assert (body is not None) == (message.document_id == "long")
        if body is not None:
            stored = store.get(body.key)
            assert hashlib.sha256(stored).hexdigest() == body.sha256
            assert (stored.decode() == LONG) == (message.lineage.op == "")


def _documents(store: S3ObjectStore, bucket: str) -> dict[str, CleanDocument]:
    """Make a document of each kind, by its id; the long one's text is put to the store."""
    data = LONG.encode()
    claim = ClaimCheck(
        bucket=bucket, key="texts/long", offset=0, length=len(data), sha256=hashlib.sha256(data).hexdigest()
    )
    store.put(claim.key, data)
    documents = {
        "en": clean(),
        "zh": clean(CHINESE, language="zh"),
        "long": clean("", body=claim),
        "test": clean(split=Split.TEST),
        "gone": _with_lineage(clean(), source="old-site"),
        "lost": clean("", body=msgspec.structs.replace(claim, key="texts/lost")),
        "ungrouped": _with_lineage(clean(), group_id=""),
    }
    return {name: msgspec.structs.replace(document, document_id=name) for name, document in documents.items()}


def _with_lineage(document: CleanDocument, **changes: str) -> CleanDocument:
    return msgspec.structs.replace(document, lineage=msgspec.structs.replace(document.lineage, **changes))


def _publish(places: Endpoints, documents: Mapping[str, CleanDocument]) -> None:
    """Create the topics, and publish each document twice, as a replay does."""
    admin = KafkaAdminClient(bootstrap_servers=places.kafka_bootstrap)
    admin.create_topics(
        {name: {"num_partitions": 1} for name in (DOCUMENTS_CLEAN.name, *RESULTS)}, wait_for_metadata=True
    )
    admin.close()
    producer = KafkaProducer(bootstrap_servers=places.kafka_bootstrap)
    for name, document in [*documents.items()] * 2:
        envelope = msgspec.structs.replace(received(document).envelope, id=f"event-{name}")
        producer.send(DOCUMENTS_CLEAN.name, encode(document), name.encode(), headers=list(to_headers(envelope)))
    producer.close()


@contextmanager
def _augmenter(places: Endpoints, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    settings = {
        "MILLRACE_CONFIG": str(folder / "millrace.toml"),
        "MILLRACE_HOME": str(folder / "home"),
        "STREAM_POOL_WORKERS": "1",
        "TELEMETRY_METRICS_PORT": "0",
    }
    with (
        (folder / "augmenter.log").open("wb") as out,
        subprocess.Popen(
            [sys.executable, "-m", "services.augmenter"],
            cwd=ROOT,
            env=os.environ | places.environment | settings,
            stdout=out,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def _results(places: Endpoints, process: "subprocess.Popen[bytes]") -> dict[str, list[KafkaRecord]]:
    """Read what came out, by topic, until all of it is there."""
    wanted = 2 * (sum(map(len, OPERATIONS.values())) + 3)
    consumer = KafkaConsumer(bootstrap_servers=places.kafka_bootstrap, enable_auto_commit=False)
    parts = [TopicPartition(name, 0) for name in RESULTS]
    consumer.assign(parts)
    consumer.seek_to_beginning(*parts)
    found: dict[str, list[KafkaRecord]] = {name: [] for name in RESULTS}
    started = time.monotonic()
    with closing(consumer):
        while sum(map(len, found.values())) < wanted:
            assert process.poll() is None, f"the augmenter ended with {process.returncode}"
            assert time.monotonic() - started < 120, {name: len(records) for name, records in found.items()}
            for part, records in consumer.poll(timeout_ms=200).items():
                found[part.topic] += records
    return found
