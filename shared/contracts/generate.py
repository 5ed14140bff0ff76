"""Writes what follows from the contracts: a JSON Schema for each topic and version, and one AsyncAPI document.

`python -m shared.contracts.generate` writes them, unless a stored record would become unreadable; with `--check` it
writes nothing and says what is out of date.
"""

import argparse
import inspect
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from shared.contracts import asyncapi
from shared.contracts.compatibility import violations
from shared.contracts.message import json_schema
from shared.contracts.topics import TOPICS, Topic

FOLDER: Final = Path(__file__).parent
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_REMEDY: Final = "run `make contracts` and commit what it writes"

Files = Mapping[str, str]
"""Texts by their path under the folder of the contracts."""


def schema_path(topic: Topic[Any], number: int) -> str:
    """Give the path of a schema of `topic`, under the folder of the contracts."""
    return f"schemas/{topic.name}.v{number}.json"


def schema_of(topic: Topic[Any]) -> dict[str, Any]:
    """Give the JSON Schema of what `topic` carries."""
    schema = json_schema(topic.message)
    definitions = {name: _tidy(schema["$defs"][name]) for name in sorted(schema["$defs"])}
    return {"$schema": DIALECT, "$id": topic.dataschema, "$ref": schema["$ref"], "$defs": definitions}


def render(topics: Iterable[Topic[Any]] = TOPICS) -> Files:
    """Give every generated file."""
    topics = tuple(topics)
    paths = {topic.name: schema_path(topic, topic.version) for topic in topics}
    schemas = {paths[topic.name]: _text(schema_of(topic)) for topic in topics}
    return schemas | {"asyncapi.json": _text(asyncapi.document(topics, paths))}


def broken(files: Files, folder: Path) -> list[str]:
    """Say what in `files` would make a record unreadable that the schemas in `folder` describe."""
    return [
        f"{path} {violation}"
        for path, text in sorted(files.items())
        if path.startswith("schemas/") and (folder / path).exists()
        for violation in violations(json.loads((folder / path).read_text("utf-8")), json.loads(text))
    ]


def stale(files: Files, folder: Path, topics: Iterable[Topic[Any]] = TOPICS) -> list[str]:
    """Say which files in `folder` are not as `files` has them, are gone, or belong to no topic."""
    there = {f"schemas/{path.name}" for path in (folder / "schemas").glob("*.json")}
    earlier = {schema_path(topic, number) for topic in topics for number in range(1, topic.version)}
    return [
        *(f"{path} is out of date: {_REMEDY}" for path, text in sorted(files.items()) if _read(folder / path) != text),
        *(f"{path} is gone: a version's schema is kept for ever" for path in sorted(earlier - there)),
        *(
            f"{path} belongs to no topic: delete it, with its examples, if no record of it is left"
            for path in sorted(there - files.keys() - earlier)
        ),
    ]


def main(arguments: Sequence[str] | None = None, folder: Path = FOLDER, topics: Iterable[Topic[Any]] = TOPICS) -> int:
    """Write or check the generated files; gives the exit code, 1 for a refusal or for anything out of date."""
    parser = argparse.ArgumentParser(prog="python -m shared.contracts.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when something is out of date")
    checking = parser.parse_args(arguments).check
    topics = tuple(topics)
    files = render(topics)
    problems = broken(files, folder) or (stale(files, folder, topics) if checking else [])
    if not checking and not problems:
        _write(files, folder)
    for problem in problems:
        sys.stderr.write(f"contracts: {problem}\n")
    return 1 if problems else 0


def _write(files: Files, folder: Path) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8", newline="\n")


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


def _text(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _tidy(definition: dict[str, Any]) -> dict[str, Any]:
    """Take the source's indentation out of a description."""
    return definition | {"description": inspect.cleandoc(definition["description"])}


if __name__ == "__main__":
    sys.exit(main())
