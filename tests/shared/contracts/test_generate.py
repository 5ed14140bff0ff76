"""Tests of what is generated from the contracts, and of the guard over it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from shared.contracts.generate import FOLDER, main, render, schema_of
from shared.contracts.message import Message
from shared.contracts.topics import TOPICS, Topic


class Letter(Message, frozen=True, kw_only=True):
    """A letter, 信.

    Its second paragraph.
    """

    sender: str
    words: int = 0


class BrokenLetter(Message, frozen=True, kw_only=True):
    """A letter that lost a field and needs another."""

    words: int = 0
    stamp: str


class GrownLetter(Letter, frozen=True, kw_only=True):
    """A letter with one more field."""

    stamp: str = ""


def topic(message: type[Message], version: int = 1, name: str = "letters-sent") -> Topic[Any]:
    """Make a topic that carries `message`."""
    return Topic(
        name=name,
        message=message,
        key="words",
        description="Letters.",
        producers=("console",),
        consumers=("console",),
        version=version,
    )


def written(folder: Path) -> dict[str, str]:
    """Read what lies in `folder`."""
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.json")}


def test_what_is_committed_is_up_to_date() -> None:
    """Run as `make check` runs it."""
    command = [sys.executable, "-m", "shared.contracts.generate", "--check"]
    done = subprocess.run(command, cwd=FOLDER.parents[1], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("one", TOPICS, ids=lambda one: one.name)
def test_each_schema_is_one(one: Topic[Any]) -> None:
    """A JSON Schema of the 2020-12 dialect, named as the header `ce_dataschema` names it."""
    schema = schema_of(one)
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == one.dataschema


def test_writes_text_that_people_read(tmp_path: Path) -> None:
    """UTF-8 without escapes, docstrings without the source's indentation, a last line that ends."""
    assert main([], tmp_path, [topic(Letter)]) == 0
    text = (tmp_path / "schemas" / "letters-sent.v1.json").read_text("utf-8")
    assert '"description": "A letter, 信.\\n\\nIts second paragraph."' in text
    assert text.endswith("}\n")


def test_is_the_same_each_time(tmp_path: Path) -> None:
    """A second run changes nothing, and the check agrees."""
    topics = [topic(Letter)]
    assert main([], tmp_path, topics) == 0
    before = written(tmp_path)
    assert main([], tmp_path, topics) == 0
    assert written(tmp_path) == before == dict(render(topics))
    assert main(["--check"], tmp_path, topics) == 0


def test_the_check_names_what_is_out_of_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And the remedy; it writes nothing."""
    main([], tmp_path, [topic(Letter)])
    before = written(tmp_path)
    assert main(["--check"], tmp_path, [topic(GrownLetter)]) == 1
    told = capsys.readouterr().err.splitlines()
    remedy = "is out of date: run `make contracts` and commit what it writes"
    assert told == [f"contracts: asyncapi.json {remedy}", f"contracts: schemas/letters-sent.v1.json {remedy}"]
    assert written(tmp_path) == before


@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_refuses_an_incompatible_change(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither the check nor the writing lets it pass, and the committed schema stays."""
    main([], tmp_path, [topic(Letter)])
    before = written(tmp_path)
    assert main(arguments, tmp_path, [topic(BrokenLetter)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "contracts: schemas/letters-sent.v1.json $.sender: removed; keep it, or bump the topic's version",
        "contracts: schemas/letters-sent.v1.json $.stamp: new and required; give it a default, "
        "or bump the topic's version",
    ]
    assert written(tmp_path) == before


def test_takes_a_compatible_change(tmp_path: Path) -> None:
    """The schema of the version grows."""
    main([], tmp_path, [topic(Letter)])
    assert main([], tmp_path, [topic(GrownLetter)]) == 0
    schema = json.loads((tmp_path / "schemas" / "letters-sent.v1.json").read_text("utf-8"))
    assert "stamp" in schema["$defs"]["GrownLetter"]["properties"]


def test_a_new_version_keeps_the_schema_of_the_old(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A version's schema is kept for ever, and missed when it is gone."""
    main([], tmp_path, [topic(Letter)])
    first = written(tmp_path)["schemas/letters-sent.v1.json"]
    assert main([], tmp_path, [topic(BrokenLetter, version=2)]) == 0
    assert written(tmp_path)["schemas/letters-sent.v1.json"] == first
    (tmp_path / "schemas" / "letters-sent.v1.json").unlink()
    assert main(["--check"], tmp_path, [topic(BrokenLetter, version=2)]) == 1
    assert "letters-sent.v1.json is gone" in capsys.readouterr().err


def test_a_schema_without_a_topic_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A topic doesn't go by accident."""
    main([], tmp_path, [topic(Letter), topic(GrownLetter, name="parcels-sent")])
    assert main(["--check"], tmp_path, [topic(Letter)]) == 1
    assert "schemas/parcels-sent.v1.json belongs to no topic" in capsys.readouterr().err
