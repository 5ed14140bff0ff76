"""The curator as a process, with real servers: a page is forgotten from `millrace forget` to the receipt."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import pytest

from infra.local.servers import Endpoints
from services.curator.app import run
from shared.contracts.documents import CleanDocument
from shared.contracts.message import ClaimCheck, encode
from shared.contracts.receipts import journal_key, receipt_key
from shared.contracts.topics import TOPICS
from shared.io.duplicate_index import Judged, ValkeyDuplicateIndex
from shared.io.object_store import ObjectNotFound
from shared.io.outage import Misconfigured, Outage
from shared.io.s3 import S3ObjectStore
from shared.stream.exits import Exit
from shared.text.fingerprint import signature, text_hash
from tests.conftest import StartServers
from tests.services.console.harness import Shell
from tests.services.curator.builders import NOW, request, row, url
from tests.services.curator.kafka_topics import asked, committed, publish
from tests.services.curator.world import GONE, LONG, WAITING, World
from tests.spiders.harness import make_topics

ROOT = Path(__file__).parents[3]
TOPIC = "erasures-requested"


@dataclass
class Place:
    """Servers of our own with topics and a filled world."""

    endpoints: Endpoints
    folder: Path
    world: World
    shell: Shell
    index: ValkeyDuplicateIndex

    @contextmanager
    def curator(self) -> Iterator["subprocess.Popen[bytes]"]:
        """Run a curator; it is killed at the end of the block, if it still runs."""
        log = (self.folder / "curator.log").open("ab")
        environment = {"MILLRACE_HOME": str(self.folder), "TELEMETRY_LOG_FORMAT": "json", **self.endpoints.environment}
        process = subprocess.Popen(
            [sys.executable, "-m", "services.curator"], cwd=ROOT, env=os.environ | environment, stderr=log, stdout=log
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            log.close()

    def until(self, condition: Callable[[], object], what: str, seconds: float = 60) -> None:
        """Wait for `condition`; fails with the curator's log."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}\n{self.log}"
            time.sleep(0.02)

    @property
    def log(self) -> str:
        """What the curators have said."""
        return (self.folder / "curator.log").read_text()

    def port(self) -> int:
        """Give the port that the curator tells its health on; 0 while it hasn't begun."""
        lines = [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]
        return next((int(line["port"]) for line in lines if line["event"] == "health_served"), 0)


@pytest.fixture
def place(own_servers: StartServers, tmp_path: Path) -> Iterator[Place]:
    """Start servers, make the topics, and fill the world."""
    endpoints = own_servers().endpoints
    make_topics(endpoints, TOPICS)
    with (
        closing(S3ObjectStore.from_settings(endpoints.s3)) as store,
        closing(ValkeyDuplicateIndex.from_settings(endpoints.cache)) as index,
    ):
        world = World(store)
        world.fill()
        index.begin_rebuild("test", 60)
        index.restore([Judged(world.gone, text_hash(LONG), signature(LONG, "en"), NOW)])
        index.finish_rebuild("test")
        (tmp_path / "curator.log").touch()
        yield Place(endpoints, tmp_path, world, Shell(endpoints.environment, tmp_path), index)


def waiting(world: World) -> bytes:
    """Give a clean document whose long text is no row yet."""
    body = ClaimCheck(bucket="millrace", key=world.waiting_key, offset=0, length=len(WAITING), sha256="0" * 64)
    return encode(CleanDocument(document_id=world.gone, lineage=row(GONE).lineage, language="en", body=body))


@pytest.mark.integration
def test_from_the_command_to_the_receipt(place: Place) -> None:
    """One command; then no object holds the page, all others are whole, and the receipt says it all."""
    bootstrap = place.endpoints.kafka_bootstrap
    publish(bootstrap, [("documents-clean", place.world.gone.encode(), waiting(place.world), ())])
    with place.curator() as process:
        place.until(place.port, "the curator serves its health")
        done = place.shell.run("forget", "--url", f"{url(GONE)}#part", "--yes", "--wait", "90")
        assert done.returncode == 0, done.stderr + place.log
        with urllib.request.urlopen(f"http://127.0.0.1:{place.port()}/readyz", timeout=5) as answer:
            assert json.load(answer)["ok"]
        place.until(lambda: committed(bootstrap, "curator", TOPIC) == 1, "the request is committed")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == Exit.OK
    assert place.world.found(GONE) == []
    assert place.world.complaints() == []
    assert place.world.fetches("other") == 2
    assert not place.index.forget(place.world.gone), "it is forgotten already"
    for said in (
        "Dataset help:",
        "Denied. Erasure ",
        "raw/help/2026-11-24/1.warc.gz  bytes ",
        "2 rows in datasets/help/shards/",
        "help/2, ready: what was trained on it has learnt from the page",
        "instead     help/",
        "documents-clean: 1 of its records, until ",
    ):
        assert said in done.stdout, done.stdout


@pytest.mark.integration
def test_killed_in_the_middle_it_is_finished_by_the_next_start(place: Place) -> None:
    """Its receipt is the last thing, so the request is taken again."""
    store, bootstrap = place.world.store, place.endpoints.kafka_bootstrap
    publish(bootstrap, [("documents-clean", place.world.gone.encode(), waiting(place.world), ())])
    publish(bootstrap, [asked(TOPIC, request(GONE, "e1"))])
    with place.curator() as process:
        place.until(lambda: store.exists(journal_key("e1")) or store.exists(receipt_key("e1")), "it has begun")
        process.kill()
        process.wait()
    with place.curator():
        place.until(lambda: store.exists(receipt_key("e1")), "the receipt")
        place.until(lambda: committed(bootstrap, "curator", TOPIC) == 1, "the request is committed")
    assert place.world.found(GONE) == []
    assert place.world.complaints() == []
    with pytest.raises(ObjectNotFound):
        store.get(journal_key("e1"))


def test_servers_that_are_away_end_the_process_with_70(monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that is set up wrongly with 78: the supervisor knows what to do."""
    for error, code in ((Outage("away"), Exit.OUTAGE), (Misconfigured("wrong"), Exit.HALTED), (ValueError(), 70)):

        def serve(*_: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr("services.curator.app.serve", serve)
        assert run(None, Event()) == code  # type: ignore[arg-type]
    monkeypatch.setattr("services.curator.app.serve", lambda *_: None)
    assert run(None, Event()) == Exit.OK  # type: ignore[arg-type]


def test_missing_settings_end_the_process_with_78(tmp_path: Path) -> None:
    """With a message that names them."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "services.curator"],
        cwd=ROOT,
        env={**kept, "MILLRACE_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == Exit.HALTED
    assert "S3_ENDPOINT" in done.stderr
