"""Writes what follows from the tables of `millrace.toml`: the reference page, and the JSON Schema for editors."""

import json
from collections.abc import Iterator
from typing import Final

from shared.flywheel.config import Flywheel
from shared.flywheel.keys import ITEM, Key, keys, right, toml_key
from shared.flywheel.table import Table

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_NULL: Final = {"type": "null"}
_HEAD: Final = """# millrace.toml

One file declares a flywheel: what is read, how it becomes text, which dataset grows of it, and what is learnt. The
variable `MILLRACE_CONFIG` names it, or `--config` of a command. `millrace plan` shows what a file would do; what is
wrong in it is named with line, key, value and what would be right, before anything starts.

[examples/support-router/millrace.toml](../../examples/support-router/millrace.toml) is one to copy. Its first line
names a JSON Schema, by which editors with a TOML language server (taplo, Even Better TOML) complete and check keys:
[millrace.schema.json](../../shared/flywheel/millrace.schema.json).

A length of time is in seconds, a share is a number from 0 to 1, and a key that isn't listed here is refused.
"""


def page(note: str) -> str:
    """Write the reference page; `note` says who wrote it."""
    tables = [key for key in keys() if key.kind.table is not None]
    return "\n".join([_HEAD, note, *(line for key in tables for line in _section(key)), ""])


def schema() -> str:
    """Write the JSON Schema of the whole file."""
    made = {"$schema": DIALECT, **Flywheel.model_json_schema()}
    return json.dumps(_tidy(made), ensure_ascii=False, indent=2) + "\n"


def _section(key: Key) -> Iterator[str]:
    yield from ("", f"## {_header(key)}", "")
    yield f"{_doc(key)} {'Required.' if key.field.is_required() else 'May be left out.'}"
    inner = [one for one in keys() if one.path[:-1] == key.inside and one.kind.table is None]
    if inner:
        yield from ("", _row("Key", "Takes", "Meaning"), _row("---", "---", "---"))
        yield from (_row(f"`{one.name}`", _takes(one), one.field.description or "") for one in inner)


def _header(key: Key) -> str:
    inside = [toml_key(part) for part in key.inside if part != ITEM]
    return f"`[[{'.'.join(inside)}]]`" if key.kind.holds == "list" else f"`[{'.'.join(inside)}]`"


def _doc(key: Key) -> str:
    table: type[Table] | None = key.kind.table
    return (table.__doc__ or "").strip() if table is not None else ""


def _takes(key: Key) -> str:
    return f"{right(key)}; required" if key.field.is_required() else right(key)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _tidy(part: object) -> object:
    """Leave out what TOML has none of, null, and the titles that pydantic makes of names."""
    if isinstance(part, list):
        return [_tidy(value) for value in part if value != _NULL]
    if not isinstance(part, dict):
        return part
    kept = {name: _tidy(value) for name, value in part.items() if not _is_idle(name, value)}
    choices = kept.get("anyOf")
    if isinstance(choices, list) and len(choices) == 1:
        return {**choices[0], **{name: value for name, value in kept.items() if name != "anyOf"}}
    return kept


def _is_idle(name: str, value: object) -> bool:
    return (name == "title" and isinstance(value, str)) or value is None
