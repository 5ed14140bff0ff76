"""`millrace feedback` as a shell sees it, on the real broker. What becomes of a row is tested with the desk."""

import json
import secrets
from pathlib import Path

import msgspec
import pytest

from infra.local.servers import Endpoints
from shared.contracts.message import decode
from shared.contracts.predictions import FeedbackReceived
from shared.contracts.topics import FEEDBACK_RECEIVED
from shared.io.kafka_producer import KafkaProducer
from shared.io.record import record_of
from shared.settings import KafkaSettings
from shared.stream.topic_reader import TopicReader
from tests.services.console.core.test_corrections import said
from tests.services.console.harness import Shell
from tests.spiders.harness import flywheel_text, make_topics

pytestmark = pytest.mark.integration

TASK = """
[[tasks]]
name = "router"
label = "app"
languages = ["en"]
"""
LABEL = """
start_urls = ["http://127.0.0.1:1/"]
labels.app.path = "^/([^/]+)/"
"""


def send(servers: Endpoints, *words: FeedbackReceived) -> list[FeedbackReceived]:
    """Send words as the gateway does, each under an id that nobody else has; gives them as they were sent."""
    mark = secrets.token_hex(12)
    marked = [msgspec.structs.replace(one, feedback_id=f"{mark}-{one.feedback_id}", customer=mark) for one in words]
    with KafkaProducer.connect(KafkaSettings(bootstrap_servers=servers.kafka_bootstrap)) as producer:
        for one in marked:
            envelope = FEEDBACK_RECEIVED.envelope(one, one.feedback_id, "gateway", one.at)
            producer.send(record_of(FEEDBACK_RECEIVED, one, envelope)).result()
    return marked


def accepted(servers: Endpoints, of: FeedbackReceived) -> list[FeedbackReceived]:
    """Read what was sent since of a word, as accepted."""
    reader = TopicReader(KafkaSettings(bootstrap_servers=servers.kafka_bootstrap))
    read = [decode(FeedbackReceived, record.value or b"") for record in reader.read(FEEDBACK_RECEIVED.name)]
    return [one for one in read if one.accepted and one.feedback_id == of.feedback_id]


@pytest.fixture
def desk(shell: Shell, servers: Endpoints, tmp_path: Path) -> Shell:
    """Give a shell with the topic, and a flywheel with a task that learns English."""
    path = tmp_path / "millrace.toml"
    path.write_text(flywheel_text("docs", LABEL) + TASK, "utf-8")
    shell.environment["MILLRACE_CONFIG"] = str(path)
    make_topics(servers, [FEEDBACK_RECEIVED])
    return shell


def test_what_waits_is_listed_accepted_and_listed_no_more(desk: Shell, servers: Endpoints) -> None:
    """By whoever did it; a second time changes nothing, and a word of another language never waited."""
    one, other, strange = send(servers, said(), said("math", number=1), said(number=2, text="怎么求和", language="zh"))
    listed = desk.run("feedback", "list")
    assert listed.returncode == 0, listed.stderr
    (line,) = (line for line in listed.stdout.splitlines() if line.startswith(one.feedback_id))
    assert line.split()[3:] == ["waits", "router", one.customer, "writer", "calc", "train", "question", "0"]
    assert other.feedback_id in listed.stdout
    assert strange.feedback_id not in listed.stdout
    assert "waiting. Accept: millrace feedback accept ID" in listed.stdout

    assert desk.run("feedback", "accept", one.feedback_id).returncode == 1
    assert accepted(servers, one) == []
    done = desk.run("feedback", "accept", one.feedback_id, "--yes")
    assert done.returncode == 0, done.stderr
    assert "Accepted 1 correction." in done.stdout
    (sent,) = accepted(servers, one)
    assert "@" in sent.accepted_by
    assert sent == msgspec.structs.replace(one, accepted=True, accepted_by=sent.accepted_by)

    again = desk.run("feedback", "accept", one.feedback_id, "--yes")
    assert (again.returncode, again.stdout) == (0, "Accepted already; nothing was done.\n")
    assert len(accepted(servers, one)) == 1
    ids = {found["feedback_id"] for found in json.loads(desk.run("feedback", "list", "--json").stdout)}
    assert ids & {one.feedback_id, other.feedback_id} == {other.feedback_id}
    every = json.loads(desk.run("feedback", "list", "--all", "--json").stdout)
    states = {found["feedback_id"]: found["state"] for found in every}
    assert [states[word.feedback_id] for word in (one, other, strange)] == ["accepted", "waits", "unknown-language"]


def test_an_id_that_can_not_be_accepted_keeps_the_others_waiting(desk: Shell, servers: Endpoints) -> None:
    """All or none: the message says which, and why."""
    one, strange = send(servers, said(), said(number=2, text="怎么求和", language="zh"))
    for wrong, why in ((strange.feedback_id, "its task doesn't learn its language"), ("f\x1b]", "no such correction")):
        done = desk.run("feedback", "accept", one.feedback_id, wrong, "--yes")
        assert done.returncode == 1
        assert why in done.stderr
        assert "\x1b" not in done.stderr
    assert accepted(servers, one) == []
