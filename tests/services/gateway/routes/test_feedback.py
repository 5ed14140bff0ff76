"""`POST /v1/feedback`: kept in Kafka before it is answered, and only what we were asked about."""

import base64
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.contracts.envelope import from_headers
from shared.contracts.topics import FEEDBACK_RECEIVED
from tests.services.gateway.world import LABELS, MODEL, World

TEXT = "add up a column"


async def ask(client: httpx.AsyncClient) -> str:
    """Classify TEXT, and give the request id."""
    answer = await client.post("/v1/classify", json={"text": TEXT})
    return str(answer.json()["request_id"])


async def say(client: httpx.AsyncClient, request_id: str, **said: Any) -> httpx.Response:  # noqa: ANN401 - any field
    """Correct an answer; `said` changes what is sent."""
    full = {"request_id": request_id, "kind": "correction", "label": "calc", "text": TEXT, "consent": True}
    return await client.post(
        "/v1/feedback", json={key: value for key, value in {**full, **said}.items() if value != ""}
    )


async def test_a_correction_is_kept_and_trains(world: World, client: httpx.AsyncClient) -> None:
    """On the topic, keyed by the request, before the answer is there; sent again it has the same id."""
    request_id = await ask(client)
    first, second = await say(client, request_id), await say(client, request_id)
    assert (first.status_code, first.json()["trains"], first.json()["accepted"]) == (202, True, True)
    assert first.json() == second.json()
    kept, _ = world.events.messages(FEEDBACK_RECEIVED)
    assert (kept.feedback_id, kept.request_id) == (first.json()["feedback_id"], request_id)
    assert (kept.task, kept.label, kept.predicted_label, kept.text, kept.language) == (
        MODEL,
        "calc",
        "writer",
        TEXT,
        "en",
    )
    record = world.events.producer.records(FEEDBACK_RECEIVED.name)[0]
    assert (record.key, from_headers(record.headers).id) == (request_id.encode(), kept.feedback_id)
    assert world.counts("millrace_feedback_total", "kind") == {"correction": 2}


async def test_a_thumb_needs_no_more_than_the_id(world: World, client: httpx.AsyncClient) -> None:
    """It trains nothing."""
    answer = await say(client, await ask(client), kind="thumb-down", label="", text="", consent="")
    assert (answer.status_code, answer.json()["trains"]) == (202, False)
    (kept,) = world.events.messages(FEEDBACK_RECEIVED)
    assert (kept.kind, kept.text, kept.accepted) == ("thumb-down", None, False)


async def test_with_manual_review_nothing_is_accepted_by_itself(tmp_path: Path) -> None:
    """A person looks first."""
    world = World(tmp_path, review="manual")
    world.publish()
    await world.look()
    async with world.client() as client:
        told = (await say(client, await ask(client))).json()
    assert (told["trains"], told["accepted"]) == (True, False)


async def test_a_language_that_the_task_does_not_learn_is_kept_and_trains_nothing(tmp_path: Path) -> None:
    """The answer says so; the record is as any other."""
    world = World(tmp_path, languages=("zh",))
    world.publish()
    await world.look()
    async with world.client() as client:
        told = (await say(client, await ask(client))).json()
    assert (told["trains"], told["accepted"]) == (False, True)
    (kept,) = world.events.messages(FEEDBACK_RECEIVED)
    assert (kept.text, kept.language, kept.accepted) == (TEXT, "en", True)


async def test_kafka_away_is_told_and_nothing_is_promised(world: World, client: httpx.AsyncClient) -> None:
    """A correction must not be lost: 503, and once Kafka is back it is taken."""
    request_id = await ask(client)
    world.events.away = True
    answer = await say(client, request_id)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["type"] == "urn:millrace:problem:not-kept"
    world.events.away = False
    assert (await say(client, request_id)).status_code == 202


async def test_the_id_of_another_customer_is_not_there(tmp_path: Path, client: httpx.AsyncClient) -> None:
    """As one that never was: 404, nothing told, nothing kept."""
    other = World(tmp_path / "other", changes={"customer": "another"})
    other.publish()
    await other.look()
    request_id = await ask(client)
    async with other.client() as theirs:
        answer = await say(theirs, request_id)
        nonsense = await say(theirs, "nonsense")
    assert (answer.status_code, nonsense.status_code) == (404, 404)
    assert answer.json()["type"] == nonsense.json()["type"] == "urn:millrace:problem:no-such-request"
    assert other.events.messages(FEEDBACK_RECEIVED) == []


async def test_a_forged_id_is_not_there(client: httpx.AsyncClient) -> None:
    """One bit of what it claims."""
    raw = bytearray(base64.urlsafe_b64decode(await ask(client)))
    raw[20] ^= 1
    assert (await say(client, base64.urlsafe_b64encode(raw).decode())).status_code == 404


async def test_an_old_id_needs_the_text(world: World, client: httpx.AsyncClient) -> None:
    """410 without, and as good as new with it; with another text it isn't."""
    request_id = await ask(client)
    world.now += timedelta(days=31)
    without = await say(client, request_id, text="", consent="")
    assert (without.status_code, without.json()["type"]) == (410, "urn:millrace:problem:too-old")
    assert (await say(client, request_id, text="another")).status_code == 422
    assert (await say(client, request_id)).status_code == 202


@pytest.mark.parametrize("text", ["x" * 20_001, "\u0301\u0316" * 5_000])
async def test_a_text_that_is_never_classified_is_not_looked_at(client: httpx.AsyncClient, text: str) -> None:
    """Too long, or of marks that take long to sort."""
    answer = await say(client, await ask(client), text=text)
    assert (answer.status_code, answer.json()["detail"][:6]) == (422, "text 1")


@pytest.mark.parametrize("label", ["base", "Calc", ""])
async def test_another_label_is_refused_with_those_that_there_are(client: httpx.AsyncClient, label: str) -> None:
    """So that a form can show them."""
    answer = await say(client, await ask(client), label=label)
    assert (answer.status_code, answer.json()["labels"]) == (422, list(LABELS))
