"""Tests of the AsyncAPI document."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from services.console.core.topics import Sizing, declared
from shared.contracts.generate import FOLDER
from shared.contracts.topics import TOPICS

DOCUMENT = json.loads((FOLDER / "asyncapi.json").read_text("utf-8"))
HEADERS = Path(__file__).parents[2] / "contracts" / "headers"


def headers_in(name: str) -> dict[str, str]:
    """Read a stored file of headers."""
    found: dict[str, str] = dict(json.loads((HEADERS / name).read_text("utf-8")))
    return found


def validate(schema: dict[str, Any], headers: dict[str, str]) -> None:
    """Validate `headers` by a schema of the document."""
    Draft202012Validator({"components": DOCUMENT["components"]} | schema).validate(headers)


def resolve(reference: str) -> dict[str, Any]:
    """Follow a reference within the document."""
    found = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    assert isinstance(found, dict)
    return found


def references(part: object) -> list[str]:
    """Find every reference in a part of the document."""
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for value in part.values() for found in references(value)]
    return [found for value in part for found in references(value)] if isinstance(part, list) else []


def test_has_a_channel_for_each_topic_and_its_dead_letters() -> None:
    """Both ways: no topic without its twin."""
    assert set(DOCUMENT["channels"]) == {name for topic in TOPICS for name in (topic.name, topic.dead_letters)}


def test_every_reference_leads_somewhere() -> None:
    """Within the document, or to a committed schema beside it."""
    for reference in references(DOCUMENT):
        assert resolve(reference) if reference.startswith("#/") else (FOLDER / reference).is_file()


def test_says_who_sends_and_who_receives() -> None:
    """One operation for each service and channel, and the console reads all dead letters."""
    found = {
        (name.split(".")[0], operation["action"], operation["channel"]["$ref"].rpartition("/")[2])
        for name, operation in DOCUMENT["operations"].items()
    }
    live = {(one, "send", topic.name) for topic in TOPICS for one in topic.producers}
    live |= {(one, "receive", topic.name) for topic in TOPICS for one in topic.consumers}
    dead = {(one, "send", topic.dead_letters) for topic in TOPICS for one in topic.consumers}
    assert found == live | dead | {("console", "receive", topic.dead_letters) for topic in TOPICS}


@pytest.mark.parametrize("shape", declared(TOPICS, Sizing()), ids=lambda shape: shape.name)
def test_topics_are_configured_as_they_are_created(shape: Any) -> None:  # noqa: ANN401 - a shape of the topics job
    """The document and the job that creates the topics say the same."""
    said = DOCUMENT["channels"][shape.name]["bindings"]["kafka"]["topicConfiguration"]
    written = {key: ",".join(value) if isinstance(value, list) else str(value) for key, value in said.items()}
    assert written.items() <= shape.settings.items()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("event.json", "CleanDocument"),
        ("event-at-the-head.json", "RawDocument"),
        ("event-replayed.json", "RawDocument"),
        ("dead-letter.json", "DeadLetter"),
        ("dead-letter-of-a-foreign-record.json", "DeadLetter"),
    ],
)
def test_real_headers_are_valid(name: str, message: str) -> None:
    """What the code writes is what the document says."""
    validate(DOCUMENT["components"]["messages"][message]["headers"], headers_in(name))


@pytest.mark.parametrize(
    ("name", "schema"), [("event.json", "EventHeaders"), ("dead-letter-of-a-foreign-record.json", "DeadLetterHeaders")]
)
def test_every_header_that_we_write_is_described(name: str, schema: str) -> None:
    """And every one that is required is needed."""
    described = DOCUMENT["components"]["schemas"][schema]
    ours = {
        key: value for key, value in headers_in(name).items() if key.startswith(("ce_", "dlq_", "content-", "trace"))
    }
    validate(described | {"additionalProperties": False}, ours)
    for required in described["required"]:
        with pytest.raises(ValidationError, match=required):
            validate(described, {key: value for key, value in ours.items() if key != required})
