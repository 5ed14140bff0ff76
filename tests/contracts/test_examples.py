"""Tests that every message that was ever agreed on stays readable, for ever.

Files under `examples/` and `headers/` are never changed or removed: add one, and its digest, with each new version.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from shared.contracts import envelope, failures
from shared.contracts.generate import FOLDER, schema_path
from shared.contracts.message import decode, encode
from shared.contracts.topics import TOPICS, Topic, topic_named

HERE = Path(__file__).parent
EXAMPLES = sorted((HERE / "examples").rglob("*.json"))
HEADERS = sorted((HERE / "headers").glob("*.json"))
CURRENT = [path for path in EXAMPLES if path.parent.name == f"v{topic_named(path.parent.parent.name).version}"]
VERSIONS = [(topic, number) for topic in TOPICS for number in range(1, topic.version + 1)]


def name(path: Path) -> str:
    """Name a file as the digests do."""
    return path.relative_to(HERE).as_posix()


def topic_of(path: Path) -> Topic[Any]:
    """Give the topic that an example lies on."""
    return topic_named(path.parent.parent.name)


def headers_in(path: Path) -> envelope.Headers:
    """Read a file of headers."""
    pairs = json.loads(path.read_text("utf-8"))
    return tuple((key, None if value is None else value.encode()) for key, value in pairs)


def is_within(part: object, whole: object) -> bool:
    """Say whether all that `part` says, `whole` says too; it may have more fields."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and is_within(value, whole[key]) for key, value in part.items())
    return part == whole


def is_full(path: Path) -> bool:
    """Say whether an example has every field: the last of `full`, `full-2`, … which comes when a field does."""
    return path.stem == max(full.stem for full in path.parent.glob("full*.json"))


def test_no_example_was_changed_or_removed() -> None:
    """The digests are those of the files, both ways.

    After adding a file, in this folder: `sha256sum examples/*/*/*.json headers/*.json > examples.sha256`. Then look
    that lines were added and none changed.
    """
    listed = [line.split("  ") for line in (HERE / "examples.sha256").read_text("utf-8").splitlines()]
    found = {name(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in (*EXAMPLES, *HEADERS)}
    assert {path: digest for digest, path in listed} == found


@pytest.mark.parametrize(("topic", "number"), VERSIONS, ids=lambda value: getattr(value, "name", value))
def test_each_version_has_a_full_and_a_minimal_example(topic: Topic[Any], number: int) -> None:
    """One with every field, and one that leaves out every default."""
    folder = HERE / "examples" / topic.name / f"v{number}"
    assert {"full.json", "minimal.json"} <= {path.name for path in folder.iterdir()}


def test_each_example_belongs_to_a_version_of_a_topic() -> None:
    """No example is left behind when a topic goes."""
    folders = {f"examples/{topic.name}/v{number}" for topic, number in VERSIONS}
    assert {name(path.parent) for path in EXAMPLES} == folders


@pytest.mark.parametrize("path", EXAMPLES, ids=name)
def test_is_valid_by_its_committed_schema(path: Path) -> None:
    """Readers who know only the schema can read it too."""
    schema = json.loads((FOLDER / schema_path(topic_of(path), int(path.parent.name[1:]))).read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(
        json.loads(path.read_text("utf-8"))
    )


@pytest.mark.parametrize("path", CURRENT, ids=name)
def test_is_read_and_written_as_it_was(path: Path) -> None:
    """All that is stored is read, and nothing of it is lost or altered when it is written again."""
    message = decode(topic_of(path).message, path.read_bytes())
    again = encode(message)
    assert decode(topic_of(path).message, again) == message
    stored, written = json.loads(path.read_text("utf-8")), json.loads(again)
    assert written == stored if is_full(path) else is_within(stored, written)


@pytest.mark.parametrize("path", [path for path in CURRENT if path.stem == "minimal"], ids=name)
def test_minimal_leaves_out_every_default(path: Path) -> None:
    """Without any one of its fields a minimal example is refused, so it has no more than it must."""
    stored = json.loads(path.read_text("utf-8"))
    schema = Draft202012Validator(
        json.loads((FOLDER / schema_path(topic_of(path), topic_of(path).version)).read_text())
    )
    assert [key for key in stored if schema.is_valid({k: v for k, v in stored.items() if k != key})] == []


@pytest.mark.parametrize("path", [path for path in HEADERS if path.stem.startswith("event")], ids=name)
def test_envelopes_are_read_and_written_as_they_were(path: Path) -> None:
    """Header for header."""
    headers = headers_in(path)
    assert envelope.to_headers(envelope.from_headers(headers)) == tuple(
        header for header in headers if header[0] != failures.REPLAYED_HEADER
    )


@pytest.mark.parametrize("path", [path for path in HEADERS if path.stem.startswith("dead-letter")], ids=name)
def test_dead_letters_are_read_and_written_as_they_were(path: Path) -> None:
    """What was said of a failure can be read, and the original headers come back."""
    headers = headers_in(path)
    letter, original = failures.from_headers(headers), failures.original_headers(headers)
    assert failures.to_headers(letter, original) == headers


def test_every_file_of_headers_is_tested() -> None:
    """A file of headers is named for what it holds."""
    assert all(path.stem.startswith(("event", "dead-letter")) for path in HEADERS)
