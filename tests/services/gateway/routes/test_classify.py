"""`POST /v1/classify`: the answer, its record, and what is refused."""

from typing import Any

import httpx
import pytest

from shared.contracts.topics import PREDICTIONS_RECORDED
from tests.services.gateway.world import LABELS, MODEL, World


async def test_a_text_has_a_label_probabilities_and_a_version(client: httpx.AsyncClient) -> None:
    """The whole answer, under a request id that fits into a URL."""
    answer = (await client.post("/v1/classify", json={"text": "number the pages"})).json()
    assert (answer["label"], answer["model"], answer["model_version"]) == ("writer", MODEL, 1)
    assert set(answer["probabilities"]) == set(LABELS)
    assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert len(answer["request_id"]) < 200


async def test_texts_have_an_answer_each_in_their_order(client: httpx.AsyncClient) -> None:
    """Equal texts are equal answers, under ids of their own."""
    told = await client.post("/v1/classify", json={"texts": ["one", "二", "one"], "model": MODEL})
    one, two, three = told.json()["results"]
    assert one["probabilities"] == three["probabilities"] != two["probabilities"]
    assert len({one["request_id"], two["request_id"], three["request_id"]}) == 3


async def test_each_answer_is_recorded_and_the_text_only_with_consent(world: World) -> None:
    """What was answered is known later; what was asked only where the customer said so."""
    world.publish()
    await world.look()
    async with world.client() as client:
        answer = (await client.post("/v1/classify", json={"text": "one"})).json()
        await client.post("/v1/classify", json={"text": "two", "consent": True})
    first, second = sorted(world.events.messages(PREDICTIONS_RECORDED), key=lambda one: one.text or "")
    assert (first.request_id, first.label, first.text) == (answer["request_id"], "writer", None)
    assert (first.customer, first.model_version, first.dataset_version) == ("default", 1, 4)
    assert first.probabilities == answer["probabilities"]
    assert second.text == "two"
    assert world.counts("millrace_predictions_recorded_total", "service") == {"gateway": 2}


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"", 400, "bad-json"),
        (b"{", 400, "bad-json"),
        (b'{"text": "\xff"}', 400, "bad-json"),
        (b'{"text": "\\ud800"}', 400, "bad-json"),
        (b"[" * 100_000, 422, "invalid"),
        (b'{"texts": ' + b"[" * 100_000, 422, "invalid"),
        (b"[]", 422, "invalid"),
        (b"{}", 422, "invalid"),
        (b'{"text": 1}', 422, "invalid"),
        (b'{"text": "x", "texts": ["y"]}', 422, "invalid"),
        (b'{"text": "x", "txet": "y"}', 422, "invalid"),
        (b'{"text": ""}', 422, "invalid"),
        (b'{"text": " \\n\\u3000"}', 422, "invalid"),
        (b'{"texts": []}', 422, "invalid"),
        (b'{"texts": [' + b'"x",' * 64 + b'"x"]}', 422, "invalid"),
        (b'{"text": "' + b"x" * 20_001 + b'"}', 422, "invalid"),
        (b'{"text": "' + "\u0301\u0316".encode() * 5_000 + b'"}', 422, "invalid"),
        (b'{"text": "x", "model": "other"}', 404, "no-such-model"),
        (b'{"text": "' + b"x" * 1_048_576 + b'"}', 413, "body-too-large"),
    ],
)
async def test_what_is_wrong_is_a_problem(client: httpx.AsyncClient, body: bytes, status: int, told: str) -> None:
    """Each with its kind, its status and its reason."""
    answer = await client.post("/v1/classify", content=body)
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["status"]) == (status, status)
    assert problem["type"] == f"urn:millrace:problem:{told}"
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["detail"]


async def test_without_a_model_it_says_why(world: World) -> None:
    """Not yet is no fault of the caller's: 503, the reason, and when to ask again."""
    await world.look()
    async with world.client() as client:
        answer = await client.post("/v1/classify", json={"text": "x"})
    assert answer.status_code == 503
    assert "no version was promoted yet" in answer.json()["detail"]
    assert answer.headers["retry-after"] == "5"
