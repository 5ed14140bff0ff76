"""From a page to a prediction, to a correction, to a new champion, with trainer and gateway killed on the way."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, TypeVar

import pytest

from infra.local.ports import read_ports
from shared.contracts.split import Split, split_of
from shared.datasets.ready import ReadyRecord, ReadyRecords
from shared.io.gateway_client import Answer, GatewayClient
from shared.io.s3 import S3ObjectStore
from shared.models.run_store import RunStore
from shared.models.runs import Outcome, run_id
from shared.text.fingerprint import text_hash
from tests.e2e.flywheel import DATASET, live_rows, millrace, start
from tests.e2e.kills import kill
from tests.infra.local.stack_under_test import StackUnderTest

pytestmark = pytest.mark.integration

TASK = "application"
QUESTION = "how do I rotate the text in it"
SECONDS = 300.0

T = TypeVar("T")


def awaited(probe: Callable[[], T | None]) -> T:
    """Wait until there is something, and give it."""
    deadline = time.monotonic() + SECONDS
    while (found := probe()) is None:
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.1)
    return found


@pytest.fixture(scope="module")
def gateway(flywheel_stack: StackUnderTest) -> Iterator[GatewayClient]:
    """Give a client of the stack's gateway."""
    port = read_ports(flywheel_stack.home.ports_file)["gateway"]["GATEWAY_PORT"]
    with closing(GatewayClient(f"http://127.0.0.1:{port}", flywheel_stack.environment()["GATEWAY_API_KEY"])) as client:
        yield client


@pytest.fixture(scope="module")
def ready(closed: dict[str, Any], store: S3ObjectStore) -> ReadyRecord:
    """Give the newest dataset version that is ready, when the pages are in."""
    assert closed["ready"]
    records = ReadyRecords(store, DATASET)
    return awaited(lambda: records.read(records.versions()[-1]))


def outcomes(store: S3ObjectStore, dataset: int) -> list[Outcome] | None:
    """Give how the runs on a dataset version ended; None while one goes on."""
    runs = RunStore(store)
    decision = runs.decision(TASK, DATASET, dataset)
    if decision is None:
        return None
    found = [runs.outcome(run_id(TASK, DATASET, dataset, run.recipe)) for run in decision.runs]
    return [outcome for outcome in found if outcome is not None] if all(found) else None


def served(gateway: GatewayClient, version: int) -> Answer | None:
    """Ask the question; None unless this version answers."""
    if gateway.hindrance():
        return None
    answer = gateway.classify(QUESTION, consent=True)
    return answer if answer.model_version == version else None


def test_the_pages_become_a_model_that_answers(
    flywheel_stack: StackUnderTest, gateway: GatewayClient, store: S3ObjectStore, ready: ReadyRecord
) -> None:
    """Every recipe was tried; what the gate has promoted last answers in both languages, and verifies."""
    ended = awaited(lambda: outcomes(store, ready.version))
    assert all(outcome.version for outcome in ended), ended
    champion = next((outcome.version for outcome in reversed(ended) if outcome.decision == "promote"), None)
    assert champion, [outcome.reason for outcome in ended]
    assert awaited(lambda: served(gateway, champion)).label
    for text in ("sum of a column", "页码"):
        told = json.loads(millrace(flywheel_stack, "ask", text, "--json"))["answer"]
        assert told["label"] in told["probabilities"]
        assert sum(told["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert f"Version {champion} is verified" in millrace(flywheel_stack, "models", "verify")


def test_an_answer_is_traced_to_a_page(
    flywheel_stack: StackUnderTest, gateway: GatewayClient, store: S3ObjectStore, ready: ReadyRecord
) -> None:
    """By way of its model, the dataset version, a shard and a row that is in it."""
    assert ready.version
    answer = gateway.classify("export the document as PDF", consent=True)
    traced = awaited(lambda: _traced(flywheel_stack, answer.request_id))
    assert traced["prediction"]["text"] == "export the document as PDF"
    assert traced["model"]["version"] == answer.model_version
    row, by_id = traced["rows"][0], {row.row_id: row for row in live_rows(store)}
    assert by_id[row["row_id"]].labels[TASK] == answer.label
    assert by_id[row["row_id"]].lineage.url == row["url"] == traced["page"]["url"]
    assert store.exists(row["shard"])
    assert traced["page"]["is_there"]
    assert traced["gone"] == []


def _traced(stack: StackUnderTest, request_id: str) -> dict[str, Any] | None:
    """Trace an answer; None while it isn't recorded, which takes the gateway a moment."""
    with start(stack, "trace", request_id, "--json") as process:
        out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0 or "no answer is recorded" in err, err
    return json.loads(out) if out else None


def test_a_correction_becomes_a_champion_with_trainer_and_gateway_killed_on_the_way(
    flywheel_stack: StackUnderTest, gateway: GatewayClient, store: S3ObjectStore, ready: ReadyRecord
) -> None:
    """One dataset version, one model version; the question is answered as it was corrected, and its trace says so."""
    assert split_of(f"feedback:{text_hash(QUESTION).hex()}") is Split.TRAIN
    before = awaited(lambda: None if gateway.hindrance() else gateway.classify(QUESTION, consent=True))
    wanted = "math" if before.label != "math" else "calc"
    assert awaited(lambda: _traced(flywheel_stack, before.request_id))["learnt"] == []

    assert gateway.correct(before.request_id, wanted, QUESTION).accepted
    kill(flywheel_stack, "gateway")
    corrected = awaited(lambda: _corrected(store, ready.version))
    decision = awaited(lambda: RunStore(store).decision(TASK, DATASET, corrected.version))
    kill(flywheel_stack, "trainer")

    (outcome,) = awaited(lambda: outcomes(store, corrected.version))
    assert [run.rung for run in decision.runs] == ["refit"]
    assert outcome.decision == "promote", outcome.reason
    answer = awaited(lambda: served(gateway, outcome.version or 0))
    assert answer.label == wanted
    (learnt,) = json.loads(millrace(flywheel_stack, "trace", before.request_id, "--json"))["learnt"]
    assert (learnt["label"], learnt["split"], learnt["dataset_version"]) == (wanted, "train", corrected.version)
    assert learnt["models"] == [outcome.version] == [learnt["champion"]]
    assert {flywheel_stack.units()[name].restarts for name in ("trainer", "gateway")} == {1}


def _corrected(store: S3ObjectStore, after: int) -> ReadyRecord | None:
    records = ReadyRecords(store, DATASET)
    found = (records.read(version) for version in records.versions() if version > after)
    return next((record for record in found if record is not None and record.trigger == "correction"), None)
