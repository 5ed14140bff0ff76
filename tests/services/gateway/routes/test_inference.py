"""`/v2`: the same model by the Open Inference Protocol."""

from typing import Any

import httpx
import pytest

from shared.contracts.topics import PREDICTIONS_RECORDED
from tests.services.gateway.world import LABELS, MODEL, World

INPUT = {"name": "text", "shape": [2], "datatype": "BYTES", "data": ["one", "二"]}


async def infer(client: httpx.AsyncClient, path: str = f"/v2/models/{MODEL}", **said: Any) -> httpx.Response:  # noqa: ANN401
    """Ask two texts."""
    return await client.post(f"{path}/infer", json={"inputs": [INPUT], **said})


async def test_it_answers_as_the_other_route_does(world: World, client: httpx.AsyncClient) -> None:
    """Label, probabilities and request id of each text, which are recorded."""
    told = (await infer(client, id="mine", parameters={"consent": True})).json()
    assert (told["model_name"], told["model_version"], told["id"]) == (MODEL, "1", "mine")
    outputs = {one["name"]: one for one in told["outputs"]}
    ours = (await client.post("/v1/classify", json={"texts": ["one", "二"]})).json()["results"]
    assert outputs["label"]["data"] == [one["label"] for one in ours]
    assert outputs["probabilities"]["shape"] == [2, len(LABELS)]
    expected = [one["probabilities"][label] for one in ours for label in LABELS]
    assert outputs["probabilities"]["data"] == pytest.approx(expected)
    kept = await client.post("/v1/feedback", json={"request_id": outputs["request_id"]["data"][0], "kind": "thumb-up"})
    assert kept.status_code == 202
    await world.app.state.recorder.stop(5)
    assert {one.text for one in world.events.messages(PREDICTIONS_RECORDED)} == {"one", "二", None}


async def test_the_version_before_answers_to_its_number(world: World, client: httpx.AsyncClient) -> None:
    """It is warm, so it may as well; any other version is not there."""
    world.publish("calc")
    await world.look()
    labels = [
        (await infer(client, f"/v2/models/{MODEL}/versions/{version}")).json()["outputs"][0]["data"][0]
        for version in (1, 2)
    ]
    assert labels == ["writer", "calc"]
    assert (await infer(client, f"/v2/models/{MODEL}/versions/3")).status_code == 404


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/v2", 200, {"name": "millrace"}),
        ("/v2/health/live", 200, {"live": True}),
        ("/v2/health/ready", 200, {"ready": True}),
        (f"/v2/models/{MODEL}", 200, {"name": MODEL, "versions": ["1"], "platform": "onnxruntime"}),
        (f"/v2/models/{MODEL}/ready", 200, {"ready": True}),
        (f"/v2/models/{MODEL}/versions/1", 200, {"name": MODEL}),
        (f"/v2/models/{MODEL}/versions/1/ready", 200, {"ready": True}),
        (f"/v2/models/{MODEL}/versions/9/ready", 404, {"title": "There is no such model, or version of it"}),
        ("/v2/models/other", 404, {"status": 404}),
        ("/v2/models/..%2f..%2fetc/ready", 404, {"status": 404}),
    ],
)
async def test_what_it_tells_of_itself(client: httpx.AsyncClient, path: str, status: int, told: dict[str, Any]) -> None:
    """Server and models."""
    answer = await client.get(path)
    assert answer.status_code == status
    assert told.items() <= answer.json().items()


@pytest.mark.parametrize(
    "said",
    [
        {"inputs": []},
        {"inputs": [{**INPUT, "datatype": "INT64"}]},
        {"inputs": [{**INPUT, "shape": [3]}]},
        {"inputs": [{**INPUT, "data": [1, 2]}]},
        {"outputs": [{"name": "logits"}]},
        {"outputs": [{"name": "probabilities"}] * 9_000},
        {"parameters": {"consent": "yes"}},
        {"id": "x" * 513},
    ],
)
async def test_what_is_wrong_is_told_as_the_protocol_says(client: httpx.AsyncClient, said: dict[str, Any]) -> None:
    """`error`, beside our own words."""
    answer = await infer(client, **said)
    assert answer.status_code == 422
    assert answer.json()["error"] == answer.json()["detail"]
