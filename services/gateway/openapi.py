"""The OpenAPI 3.1 document, made of the table of routes and of the messages that they name."""

import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final

import msgspec

from services.gateway.errors import CONTENT_TYPE, Kind, ProblemAnswer, type_of
from services.gateway.route import Route
from services.gateway.transport import JSON
from shared.version import VERSION

REFERENCE: Final = "#/components/schemas/{name}"
KEY: Final = "key"
_PARAMETER: Final = re.compile(r"\{(\w+)\}")

Document = dict[str, Any]


def document(routes: Iterable[Route]) -> bytes:
    """Write the document of `routes`, JSON."""
    routes = tuple(routes)
    schemas = _schemas(routes)
    paths: Document = {}
    for route in routes:
        paths.setdefault(route.path, _parameters(route.path))[route.method.lower()] = _operation(route)
    described = {
        "openapi": "3.1.0",
        "info": {
            "title": "Millrace gateway",
            "version": VERSION,
            "description": "Classifies texts, and takes corrections. Problems are told as RFC 9457 says.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {KEY: {"type": "http", "scheme": "bearer"}}},
    }
    return msgspec.json.encode(described)


def _schemas(routes: Iterable[Route]) -> Document:
    found = dict.fromkeys(kind for route in routes for kind in (*route.gives, route.asks) if kind is not None)
    _, schemas = msgspec.json.schema_components([*found, ProblemAnswer], ref_template=REFERENCE)
    return schemas


def _parameters(path: str) -> Document:
    names = _PARAMETER.findall(path)
    if not names:
        return {}
    return {
        "parameters": [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    }


def _operation(route: Route) -> Document:
    operation: Document = {
        "summary": route.summary,
        "operationId": _operation_id(route),
        "responses": dict(_responses(route)),
        "security": [{KEY: []}] if route.needs_key else [],
    }
    if route.asks is not None:
        operation["requestBody"] = {"required": True, "content": _content(JSON, _one_of([route.asks]))}
    return operation


def _operation_id(route: Route) -> str:
    words = re.sub(r"\W+", "_", f"{route.method.lower()}{route.path}").strip("_")
    return words.replace("__", "_")


def _responses(route: Route) -> Iterator[tuple[str, Document]]:
    content = _content(route.content_type, _one_of(route.gives) if route.gives else {"type": "string"})
    if not route.gives and route.content_type == JSON:
        content = _content(JSON, {"type": "object"})
    yield str(int(route.status)), {"description": route.summary, "content": content}
    if route.also is not None:
        yield str(int(route.also)), {"description": "Not now", "content": content}
    for status, kinds in groupby(sorted(route.every_problem, key=_status), key=_status):
        yield str(int(status)), _problem(tuple(kinds))


def _status(kind: Kind) -> HTTPStatus:
    return kind.status


def _problem(kinds: tuple[Kind, ...]) -> Document:
    """Describe the problems of one status."""
    types = {"properties": {"type": {"enum": [type_of(kind) for kind in kinds]}}}
    schema = {"allOf": [{"$ref": REFERENCE.format(name=ProblemAnswer.__name__)}, types]}
    return {"description": "; ".join(kind.title for kind in kinds), "content": _content(CONTENT_TYPE, schema)}


def _content(content_type: bytes, schema: Document) -> Document:
    return {content_type.decode(): {"schema": schema}}


def _one_of(messages: Iterable[type[msgspec.Struct]]) -> Document:
    references = [{"$ref": REFERENCE.format(name=message.__name__)} for message in messages]
    return references[0] if len(references) == 1 else {"oneOf": references}
