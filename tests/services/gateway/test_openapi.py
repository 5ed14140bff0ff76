"""The OpenAPI document: valid, complete, and true of what is answered."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from services.gateway.openapi import document
from services.gateway.routes import ROUTES

DOCUMENT: dict[str, Any] = json.loads(document(ROUTES))
OPERATIONS = {
    (method.upper(), path): operation
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method != "parameters"
}


def references(node: Any) -> Iterator[str]:  # noqa: ANN401 - any part of the document
    """Give every `$ref` below a node."""
    if isinstance(node, dict):
        yield from (value for name, value in node.items() if name == "$ref")
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolved(schema: dict[str, Any]) -> Draft202012Validator:
    """Make a validator of a schema of the document."""
    return Draft202012Validator({**schema, "components": DOCUMENT["components"]})


def test_it_is_of_the_form_that_openapi_3_1_asks_for() -> None:
    """What every document, path and operation must have."""
    assert re.fullmatch(r"3\.1\.\d+", DOCUMENT["openapi"])
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    for path, item in DOCUMENT["paths"].items():
        declared = {one["name"] for one in item.get("parameters", []) if one["in"] == "path" and one["required"]}
        assert declared == set(re.findall(r"\{(\w+)\}", path))
    for operation in OPERATIONS.values():
        assert operation["summary"]
        for status, response in operation["responses"].items():
            assert re.fullmatch(r"[1-5]\d\d", status)
            assert response["description"]
            assert all("schema" in content for content in response["content"].values())
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(ids)) == len(ids)


def test_every_schema_is_one_and_every_reference_leads_somewhere() -> None:
    """JSON Schema 2020-12, as OpenAPI 3.1 has it."""
    schemas = DOCUMENT["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    found = {reference.removeprefix("#/components/schemas/") for reference in references(DOCUMENT)}
    assert found == set(schemas)
    for operation in OPERATIONS.values():
        schemes = {name for one in operation["security"] for name in one}
        assert schemes <= DOCUMENT["components"]["securitySchemes"].keys()


def test_every_route_is_in_it() -> None:
    """And nothing else."""
    assert OPERATIONS.keys() == {(route.method, route.path) for route in ROUTES}
    for route in ROUTES:
        operation = OPERATIONS[route.method, route.path]
        assert ("requestBody" in operation) == (route.asks is not None)
        assert bool(operation["security"]) == route.needs_key
        assert {str(int(kind.status)) for kind in route.every_problem} <= operation["responses"].keys()


INPUT = {"name": "text", "shape": [1], "datatype": "BYTES", "data": ["x"]}
ASKED: list[tuple[str, str, Any]] = [
    ("POST", "/v1/classify", {"text": "x"}),
    ("POST", "/v1/classify", {"texts": ["x", "y"]}),
    ("POST", "/v1/classify", {"text": ""}),
    ("POST", "/v1/classify", {"text": 1}),
    ("POST", "/v1/classify", {"text": "x", "model": "other"}),
    ("POST", "/v1/classify", None),
    ("POST", "/v1/feedback", {"request_id": "x", "kind": "thumb-up"}),
    ("POST", "/v1/feedback", {"request_id": "x", "kind": "praise"}),
    ("GET", "/v1/models", None),
    ("GET", "/v2", None),
    ("GET", "/v2/health/live", None),
    ("GET", "/v2/health/ready", None),
    ("GET", "/v2/models/{model}", None),
    ("GET", "/v2/models/{model}/ready", None),
    ("GET", "/v2/models/{model}/versions/{version}", None),
    ("POST", "/v2/models/{model}/infer", {"inputs": [INPUT]}),
    ("POST", "/v2/models/{model}/versions/{version}/infer", {"inputs": [INPUT]}),
    ("POST", "/v2/models/{model}/infer", {"inputs": []}),
    ("GET", "/healthz", None),
    ("GET", "/readyz", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ASKED)
async def test_what_is_answered_is_what_it_says(client: httpx.AsyncClient, method: str, path: str, body: Any) -> None:  # noqa: ANN401
    """Status, type and schema; a body that fits the schema isn't refused for its form."""
    operation = OPERATIONS[method, path]
    answer = await client.request(method, path.format(model="topic", version="1"), json=body)
    (kind, content), *_ = operation["responses"][str(answer.status_code)]["content"].items()
    assert answer.headers["content-type"] == kind
    resolved(content["schema"]).validate(answer.json())
    if body is not None and answer.status_code == 200:
        resolved(operation["requestBody"]["content"]["application/json"]["schema"]).validate(body)


async def test_it_is_served(client: httpx.AsyncClient) -> None:
    """As it is made."""
    assert (await client.get("/openapi.json")).json() == DOCUMENT


async def test_feedback_is_answered_as_it_says(client: httpx.AsyncClient) -> None:
    """202, once it is kept."""
    request_id = (await client.post("/v1/classify", json={"text": "x"})).json()["request_id"]
    answer = await client.post("/v1/feedback", json={"request_id": request_id, "kind": "thumb-up"})
    content = OPERATIONS["POST", "/v1/feedback"]["responses"]["202"]["content"]["application/json"]
    resolved(content["schema"]).validate(answer.json())
