"""The gateway as a process, on a real Kafka and a real store: what it does when they, or it, go away."""

import json
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from infra.local.ports import LOOPBACK
from infra.local.servers import Servers, running_servers
from shared.contracts.message import decode
from shared.contracts.topics import FEEDBACK_RECEIVED, PREDICTIONS_RECORDED, Topic
from shared.io.gateway_client import Refused
from shared.io.object_store import ObjectStore
from shared.io.s3 import S3ObjectStore
from shared.settings import KafkaSettings
from shared.stream.exits import Exit
from shared.stream.topic_reader import TopicReader
from tests.services.console.harness import Shell
from tests.services.gateway.process import GatewayProcess, gateway
from tests.services.gateway.world import KEY, promote, publish
from tests.shared.models.builders import signer

pytestmark = pytest.mark.integration

SWAPS = 100


@pytest.fixture(scope="module")
def servers_(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Run a Kafka and a store that may be killed, with every topic."""
    folder = tmp_path_factory.mktemp("gateway")
    with running_servers(folder, ("kafka", "s3")) as servers:
        shell = Shell(servers.endpoints.environment | {"CACHE_URL": "redis://127.0.0.1:1"}, folder)
        done = shell.run("topics", "apply")
        assert done.returncode == 0, done.stderr
        yield servers


@pytest.fixture
def store(servers_: Servers) -> Iterator[ObjectStore]:
    """Give the store."""
    with closing(S3ObjectStore.from_settings(servers_.endpoints.s3)) as store:
        yield store


@pytest.fixture
def process(servers_: Servers, tmp_path: Path) -> Iterator[GatewayProcess]:
    """Give a gateway that isn't started yet."""
    with gateway(servers_.endpoints, tmp_path / "home") as process:
        yield process


def messages(servers: Servers, topic: Topic[Any], model: str) -> list[Any]:
    """Give what a topic holds of a model."""
    reader = TopicReader(KafkaSettings(bootstrap_servers=servers.endpoints.kafka_bootstrap))
    found = (decode(topic.message, record.value or b"") for record in reader.read(topic.name))
    return [one for one in found if model in (getattr(one, "model", ""), getattr(one, "task", ""))]


def bring(store: ObjectStore, process: GatewayProcess, favoured: str = "writer", **said: Any) -> int:  # noqa: ANN401
    """Publish and promote a version of the gateway's model."""
    version = publish(store, process.folder / "made", favoured, model=process.model, **said).version
    promote(store, version, process.model)
    return version


class Load(threading.Thread):
    """Asks without a pause until it is told to stop; keeps what was answered and what failed."""

    def __init__(self, process: GatewayProcess) -> None:
        """Ask this gateway."""
        super().__init__(daemon=True)
        self.client = process.client()
        self.over = threading.Event()
        self.answered: list[tuple[int, str]] = []
        self.failed: list[str] = []

    def run(self) -> None:
        """Ask, and ask again."""
        while not self.over.is_set():
            try:
                answer = self.client.classify("add up a column")
            except Exception as error:  # noqa: BLE001 - any failure at all is one too many
                self.failed.append(repr(error))
            else:
                self.answered.append((answer.model_version, answer.label))

    def end(self) -> None:
        """Ask no more."""
        self.over.set()
        self.join()
        self.client.close()


def test_from_a_store_that_is_away_to_answers_and_corrections(
    servers_: Servers, store: ObjectStore, process: GatewayProcess
) -> None:
    """It says why it can't answer; once S3 is back it serves; and what it was told is on the topics."""
    servers_.s3.kill()
    process.start()
    process.until(lambda: "S3 GET" in process.ask("/readyz")[1]["reason"], "S3 is named")
    assert process.ask("/v1/classify", {"text": "x"})[0] == 503
    servers_.s3.start()
    servers_.s3.wait_ready()
    process.until(lambda: "no version was promoted yet" in process.ask("/readyz")[1]["reason"], "S3 is asked again")
    bring(store, process)
    process.until(lambda: process.ask("/readyz")[0] == 200, "the model is served")
    with closing(process.client()) as client:
        answer = client.classify("合并单元格", consent=True)
        kept = client.correct(answer.request_id, "calc", "合并单元格")
    assert (answer.label, answer.model_version, kept.accepted) == ("writer", 1, True)
    (feedback,) = messages(servers_, FEEDBACK_RECEIVED, process.model)
    assert (feedback.feedback_id, feedback.label, feedback.text) == (kept.feedback_id, "calc", "合并单元格")
    assert process.stop() == Exit.OK
    (recorded,) = messages(servers_, PREDICTIONS_RECORDED, process.model)
    assert (recorded.request_id, recorded.text) == (answer.request_id, "合并单元格")


def test_a_hundred_swaps_under_load_fail_nobody(store: ObjectStore, process: GatewayProcess) -> None:
    """No request fails, each answer is of one version, and memory stays within twice what two versions take.

    Nor does a version that isn't to be trusted: it is told of, and the one that serves goes on.
    """
    favoured = ["writer", "calc", "writer", "calc"]
    for label in favoured:
        publish(store, process.folder / "made", label, model=process.model)
    promote(store, 1, process.model)
    process.start()
    process.until(lambda: process.ask("/readyz")[0] == 200, "the first version is served")
    loads = [Load(process) for _ in range(3)]
    for load in loads:
        load.start()
    memory = psutil.Process(process.running.pid).memory_info
    before = 0
    for swap in range(SWAPS):
        version = (swap + 1) % len(favoured) + 1
        promote(store, version, process.model)
        process.until(partial(process.serves, version), f"swap {swap} to {version}")
        before = before or memory().rss
    after = memory().rss
    bring(store, process, "calc", by=signer(2))
    process.until(lambda: process.state()["not_served"], "it says why the last isn't served")
    assert (process.state()["not_served"]["reason"], process.state()["served"]["version"]) == ("untrusted", version)
    for load in loads:
        load.end()
    assert [failure for load in loads for failure in load.failed] == []
    answers = [answer for load in loads for answer in load.answered]
    assert len(answers) > SWAPS
    assert {version for version, _ in answers} == {1, 2, 3, 4}
    assert all(label == favoured[version - 1] for version, label in answers)
    assert after <= 2 * before, f"{before:,} bytes before, {after:,} after"


def test_kafka_away_costs_no_answer_and_no_record(
    servers_: Servers, store: ObjectStore, process: GatewayProcess
) -> None:
    """Answers go on; feedback is refused, for it would be lost; records wait, and go when Kafka is back."""
    bring(store, process)
    process.start()
    process.until(lambda: process.ask("/readyz")[0] == 200, "the model is served")
    with closing(process.client()) as client:
        ids = {client.classify("before").request_id}
        process.until(lambda: len(messages(servers_, PREDICTIONS_RECORDED, process.model)) == 1, "it is recorded")
        servers_.kafka.kill()
        meanwhile = [client.classify("meanwhile").request_id for _ in range(100)]
        ids |= set(meanwhile)
        with pytest.raises(Refused) as caught:
            client.correct(meanwhile[0], "calc", "meanwhile")
        assert caught.value.status == 503
        servers_.kafka.start()
        servers_.kafka.wait_ready()
        process.until(
            lambda: {one.request_id for one in messages(servers_, PREDICTIONS_RECORDED, process.model)} == ids,
            "everything is recorded",
        )
        assert client.correct(meanwhile[0], "calc", "meanwhile").trains


def test_a_stop_answers_what_has_begun(servers_: Servers, store: ObjectStore, process: GatewayProcess) -> None:
    """SIGTERM: each request in flight gets its answer, each answer its record, and the exit code is 0."""
    bring(store, process)
    process.start()
    process.until(lambda: process.ask("/readyz")[0] == 200, "the model is served")
    body = json.dumps({"text": "half of it before the stop, half after"}).encode()
    head = (
        f"POST /v1/classify HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((LOOPBACK, process.port), timeout=30) as begun:
        begun.sendall(head.encode() + body[:10])
        process.until(lambda: process.ask("/healthz")[0] == 200, "it has read what was sent")
        process.running.send_signal(signal.SIGTERM)
        process.until(lambda: process.ask("/healthz")[0] == 0, "it takes no more")
        begun.sendall(body[10:])
        answer = b"".join(iter(lambda: begun.recv(65_536), b""))
    assert process.running.wait(60) == Exit.OK
    assert answer.startswith(b"HTTP/1.1 200 OK")
    request_id = json.loads(answer.partition(b"\r\n\r\n")[2])["request_id"]
    (recorded,) = messages(servers_, PREDICTIONS_RECORDED, process.model)
    assert recorded.request_id == request_id
