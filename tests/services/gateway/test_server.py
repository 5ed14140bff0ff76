"""The gateway as a process, on a real Kafka and a real store: what it does when they, or it, go away."""

import json
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from infra.local.ports import LOOPBACK
from infra.local.servers import Servers, running_servers
from shared.contracts.message import decode, encode
from shared.contracts.topics import FEEDBACK_RECEIVED, MODELS_PUBLISHED, PREDICTIONS_RECORDED, Topic
from shared.io.gateway_client import Refused
from shared.io.object_store import ObjectStore
from shared.io.s3 import S3ObjectStore
from shared.models.aliases import Aliases
from shared.models.manifest import file_key, version_key
from shared.models.published import published
from shared.settings import KafkaSettings
from shared.stream.exits import Exit
from shared.stream.topic_reader import TopicReader
from tests.conftest import revive
from tests.services.curator import kafka_topics
from tests.services.gateway.process import GatewayProcess, gateway
from tests.services.gateway.spoiling import alter, point_outside, put_pickle
from tests.services.gateway.world import AT, KEY, promote, publish
from tests.shared.models.builders import signer
from tests.spiders.harness import make_topics

pytestmark = pytest.mark.integration

SWAPS = 100


@pytest.fixture(scope="module")
def killable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Run a Kafka and a store that may be killed, with the gateway's topics."""
    with running_servers(tmp_path_factory.mktemp("gateway"), ("kafka", "s3")) as servers:
        make_topics(servers.endpoints, (MODELS_PUBLISHED, PREDICTIONS_RECORDED, FEEDBACK_RECEIVED))
        yield servers


@pytest.fixture
def servers_(killable: Servers) -> Servers:
    """Give both, as they were before a test took one away."""
    revive(killable.kafka, killable.s3)
    return killable


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


def spoilt(store: ObjectStore, process: GatewayProcess) -> list[tuple[int, str]]:
    """Publish versions that are not to be served, each with the reason."""
    made = partial(publish, store, process.folder / "made", model=process.model)
    stranger, pickled, outside = made(by=signer(2)), made(spoil=put_pickle), made(spoil=point_outside)
    forged, changed = made(), made("neither")  # whose graph no other version has
    alter(store, file_key(process.model, changed.files["head.onnx"].sha256))
    alter(store, version_key(process.model, forged.version))
    bad = [(stranger, "untrusted"), (pickled, "forbidden-file"), (outside, "unsafe")]
    return [(one.version, reason) for one, reason in [*bad, (changed, "damaged"), (forged, "untrusted")]]


def turned_down(store: ObjectStore, process: GatewayProcess, bad: int, reason: str, serves: int) -> None:
    """Let a bad version be the champion: it is named and counted, and the one that serves answers on."""
    before = process.failed_swaps(reason)
    promote(store, bad, process.model)
    process.until(lambda: (process.state()["not_served"] or {}).get("version") == bad, f"it tells of {bad}")
    state = process.state()
    assert (state["not_served"]["reason"], state["served"]["version"]) == (reason, serves)
    assert process.ask("/v1/classify", {"text": "x"})[1]["model_version"] == serves
    assert process.failed_swaps(reason) > before


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


@contextmanager
def loading(process: GatewayProcess, count: int) -> Iterator[list[Load]]:
    """Ask by so many at once for as long as the block lasts."""
    loads = [Load(process) for _ in range(count)]
    for load in loads:
        load.start()
    try:
        yield loads
    finally:
        for load in loads:
            load.end()


def test_from_a_store_that_is_away_to_answers_and_corrections(
    servers_: Servers, store: ObjectStore, process: GatewayProcess
) -> None:
    """It says why it can't answer; once S3 is back it serves; and what it was told is on the topics.

    No library that trains was imported for it.
    """
    servers_.s3.kill()
    process.environment["PYTHONPROFILEIMPORTTIME"] = "1"
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
    assert {"onnxruntime", "tokenizers"} <= process.imported
    assert not {"torch", "pytorch_lightning", "transformers", "sklearn"} & process.imported


def test_a_hundred_swaps_under_load_fail_nobody(store: ObjectStore, process: GatewayProcess) -> None:
    """No request fails, each answer is of one version, and memory stays within twice what two versions take.

    Nor does a version that isn't to be trusted: it is told of and counted, and the one that serves goes on.
    """
    favoured = ["writer", "calc", "writer", "calc"]
    for label in favoured:
        publish(store, process.folder / "made", label, model=process.model)
    promote(store, 1, process.model)
    process.start()
    process.until(lambda: process.ask("/readyz")[0] == 200, "the first version is served")
    memory = psutil.Process(process.running.pid).memory_info
    before = 0
    with loading(process, 3) as loads:
        for swap in range(SWAPS):
            version = (swap + 1) % len(favoured) + 1
            promote(store, version, process.model)
            process.until(partial(process.serves, version), f"swap {swap} to {version}")
            before = before or memory().rss
        after = memory().rss
        for bad, reason in spoilt(store, process):
            turned_down(store, process, bad, reason, serves=version)
    assert [failure for load in loads for failure in load.failed] == []
    answers = [answer for load in loads for answer in load.answered]
    assert len(answers) > SWAPS
    assert {version for version, _ in answers} == {1, 2, 3, 4}
    assert all(label == favoured[version - 1] for version, label in answers)
    assert after <= 2 * before, f"{before:,} bytes before, {after:,} after"


def test_a_record_of_models_published_swaps_at_once(servers_: Servers, store: ObjectStore, tmp_path: Path) -> None:
    """By itself the gateway would look again in an hour."""
    with gateway(servers_.endpoints, tmp_path / "home", GATEWAY_POLL_SECONDS="3600") as process:
        bring(store, process)
        process.start()
        process.until(lambda: process.serves(1), "the first version is served")
        process.until(lambda: "nudges_heard" in process.log, "it listens")
        made = publish(store, process.folder / "made", "calc", model=process.model)
        promote(store, made.version, process.model)
        aliases = Aliases(champion=made.version, by="test", reason="for the test", at=AT, previous=1)
        told = encode(published(made, aliases, b"{}", servers_.endpoints.s3.bucket))
        assert process.serves(1)
        kafka_topics.publish(
            servers_.endpoints.kafka_bootstrap, [(MODELS_PUBLISHED.name, process.model.encode(), told, ())]
        )
        process.until(lambda: process.serves(2), "the second is")


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
        assert client.correct(meanwhile[0], "calc", "meanwhile").accepted


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
