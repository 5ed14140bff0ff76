"""The application as a whole: whatever is sent to it is answered, and what runs beside it goes on."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import structlog.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway import app
from services.gateway.routes import ROUTES
from shared.contracts.topics import PREDICTIONS_RECORDED
from tests.services.gateway.predictors import Predictor, served
from tests.services.gateway.waiting import until
from tests.services.gateway.world import MODEL, World

Ask = Callable[..., httpx.Response]

INPUT = {"name": "text", "shape": [1], "datatype": "BYTES", "data": ["x"]}
FORMS: list[dict[str, Any]] = [
    {"text": "x", "model": MODEL, "consent": True},
    {"texts": ["x", "y"]},
    {"request_id": "r", "kind": "correction", "label": "calc", "text": "x", "consent": True},
    {"inputs": [INPUT], "id": "i", "outputs": [{"name": "label"}], "parameters": {"consent": False}},
]
PATHS = [route.path.format(model=MODEL, version="1") for route in ROUTES if route.method == "POST"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Give a function that asks one gateway, which serves a model."""
    world = World(tmp_path_factory.mktemp("fuzz"))
    world.publish()

    async def start(stack: AsyncExitStack) -> httpx.AsyncClient:
        await world.look()
        return await stack.enter_async_context(world.client())

    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        client = runner.run(start(stack))
        yield lambda *arguments, **more: runner.run(client.request(*arguments, **more))
        runner.run(stack.aclose())


def well_answered(answer: httpx.Response) -> bool:
    """Say whether it is an answer, or a problem that is the caller's."""
    if answer.is_success:
        return True
    kind = answer.headers["content-type"]
    return answer.status_code < 500 and kind == "application/problem+json" and answer.json()["detail"] != ""


@settings(max_examples=150, deadline=None)
@given(path=st.sampled_from(PATHS), body=st.binary(max_size=300))
def test_any_bytes_are_answered(ask: Ask, path: str, body: bytes) -> None:
    """Never by 500."""
    assert well_answered(ask("POST", path, content=body))


@settings(max_examples=300, deadline=None)
@given(
    path=st.sampled_from(PATHS),
    form=st.sampled_from(FORMS),
    changes=st.dictionaries(st.sampled_from(sorted({key for form in FORMS for key in form})), JSON, max_size=3),
)
def test_any_form_is_answered(ask: Ask, path: str, form: dict[str, Any], changes: dict[str, Any]) -> None:
    """Ours, with some of it otherwise; lone surrogates, infinities and all."""
    assert well_answered(ask("POST", path, content=dumped(form | changes)))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_tensor_is_answered(ask: Ask, data: st.DataObject) -> None:
    """The same one level below."""
    changes = data.draw(st.dictionaries(st.sampled_from(sorted(INPUT)), JSON, max_size=2))
    form = {"inputs": [INPUT | changes]}
    assert well_answered(ask("POST", f"/v2/models/{MODEL}/infer", content=dumped(form)))


@settings(max_examples=150, deadline=None)
@given(text=st.text(min_size=1, max_size=100))
def test_any_text_has_an_answer(ask: Ask, text: str) -> None:
    """In whatever script; only an empty one has none, and half a character is no JSON."""
    answer = ask("POST", "/v1/classify", content=dumped({"text": text}))
    surrogates = any("\ud800" <= letter <= "\udfff" for letter in text)
    assert answer.status_code == (400 if surrogates else 200 if text.strip() else 422)


@settings(max_examples=100, deadline=None)
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"]),
    path=st.text(st.characters(codec="utf-8", exclude_characters="?#"), max_size=30),
)
def test_any_path_is_answered(ask: Ask, method: str, path: str) -> None:
    """There, or nowhere."""
    assert ask(method, f"/{quote(path)}").status_code < 500


def dumped(value: Any) -> bytes:  # noqa: ANN401 - JSON
    """Write JSON as Python does, which escapes lone surrogates and writes NaN."""
    return json.dumps(value).encode()


async def test_what_runs_beside_is_run_again_after_a_bug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway answers on, and the log says what happened."""
    monkeypatch.setattr(app, "AGAIN_SECONDS", 0.01)
    runs = 0

    async def broken() -> None:
        nonlocal runs
        runs += 1
        raise RuntimeError("a bug")

    world = World(tmp_path, companions=(broken,))
    with structlog.testing.capture_logs() as logs:
        async with world.client() as client:
            await until(lambda: runs > 2)
            assert (await client.get("/healthz")).status_code == 200
    assert "companion_failed" in {log["event"] for log in logs}


async def test_a_stop_answers_and_records_what_waits(world: World) -> None:
    """Requests that were let in have their answers, answers their records."""
    predictor = Predictor(held=True)
    world.shelf.slots[MODEL].serve(served(predictor))
    async with world.client() as client:
        asking = [asyncio.create_task(client.post("/v1/classify", json={"text": str(one)})) for one in range(100)]
        await until(lambda: world.app.state.batcher.waiting_texts == 100)
        predictor.go.set()
    answers = [await one for one in asking]
    assert {one.status_code for one in answers} == {200}
    assert len(world.events.messages(PREDICTIONS_RECORDED)) == 100


async def test_answers_during_swaps_are_of_one_version_each(world: World) -> None:
    """A request that began with a version ends with it."""
    favoured = ["writer", "calc"] * 3
    world.publish(favoured[0])
    await world.look()
    answers: list[dict[str, Any]] = []
    async with world.client() as client:

        async def keep_asking() -> None:
            while True:
                answers.append((await client.post("/v1/classify", json={"text": "x"})).json())

        asking = [asyncio.create_task(keep_asking()) for _ in range(4)]
        await until(lambda: bool(answers))
        for label in favoured[1:]:
            world.publish(label)
            await world.look()
        before = len(answers)
        await until(lambda: len(answers) > before + 4)
        for task in asking:
            task.cancel()
        await asyncio.wait(asking)
    assert len({one["model_version"] for one in answers}) > 1
    assert all(one["label"] == favoured[one["model_version"] - 1] for one in answers)
