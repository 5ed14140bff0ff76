"""What each key of `millrace.toml` takes: read from the tables' classes, told in the reference page and in faults."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from shared.flywheel.agreement import Path
from shared.flywheel.config import Flywheel
from shared.flywheel.forms import Form
from shared.flywheel.table import Table
from shared.unit import Unit

ITEM: Final = "[]"
"""Stands in a key's path for the position in a list of tables."""
ANY_NAME: Final = "<name>"
"""Stands in a key's path for a name that the file's author gives."""
_WORDS: Final = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


@dataclass(frozen=True)
class Kind:
    """What a value is: `holds` says how many (one, a list, or by name), `base` the type of each, `marks` its limits."""

    holds: Literal["one", "list", "names"]
    base: Any
    marks: tuple[Any, ...]

    @property
    def table(self) -> type[Table] | None:
        """Give the class of the table that the value is, or holds."""
        return self.base if isinstance(self.base, type) and issubclass(self.base, Table) else None

    @property
    def unit(self) -> str:
        """Name what is counted; empty where nothing is."""
        return next((mark.name for mark in self.marks if isinstance(mark, Unit)), "")


@dataclass(frozen=True)
class Key:
    """One key: `path` names the tables above it and itself, with `ITEM` and `ANY_NAME` where a file differs."""

    path: tuple[str, ...]
    field: FieldInfo
    kind: Kind

    @property
    def name(self) -> str:
        """Name the key in its table."""
        return self.path[-1]

    @property
    def default(self) -> object:
        """Give the value of a file that says nothing; None for none."""
        return None if self.field.is_required() else self.field.get_default(call_default_factory=True)

    @property
    def inside(self) -> tuple[str, ...]:
        """Give the path of the tables that it holds."""
        return (*self.path, *{"one": (), "list": (ITEM,), "names": (ANY_NAME,)}[self.kind.holds])


def keys(table: type[Table] = Flywheel, path: tuple[str, ...] = ()) -> Iterator[Key]:
    """Yield every key of `table` at `path`, and of the tables in it, in the order in which they are declared."""
    for name, field in table.model_fields.items():
        key = Key((*path, name), field, kind_of(field.annotation, tuple(field.metadata)))
        yield key
        if key.kind.table is not None:
            yield from keys(key.kind.table, key.inside)


def key_at(path: Path) -> Key | None:
    """Find the key that a file's `path` is of: for an item that of its list, or names; None where there is none."""
    wanted = list(path)
    while wanted and isinstance(wanted[-1], int):
        wanted.pop()
    return next((key for key in keys() if _fits(key.path, wanted) or _is_item(key, wanted)), None)


def table_keys(path: Path) -> list[Key]:
    """Give the keys of the table at a file's `path`."""
    return [key for key in keys() if len(key.path) == len(path) + 1 and _fits(key.path[:-1], path)]


def right(key: Key) -> str:
    """Say what `key` takes: type, unit, range, choices, default or example."""
    said = [_described(key.kind)]
    default = key.default
    if key.kind.table is None and default not in (None, (), {}):
        said.append(f"by default {toml_value(default)}")
    elif key.field.examples:
        said.append(f"such as {toml_value(key.field.examples[0])}")
    return ", ".join(said)


def kind_of(annotation: object, marks: tuple[Any, ...] = ()) -> Kind:
    """Say what a value of `annotation` is."""
    arguments = get_args(annotation)
    origin = get_origin(annotation)
    if origin is Annotated:
        return kind_of(arguments[0], (*marks, *_flat(arguments[1:])))
    if origin in (Union, UnionType):
        return kind_of(next(one for one in arguments if one is not type(None)), marks)
    if origin is tuple:
        return _holding("list", arguments[0])
    if origin is dict:
        return _holding("names", arguments[1])
    return Kind("one", annotation, marks)


def toml_value(value: object) -> str:
    """Write `value` as TOML would have it, as far as it is short; nothing in it can move a terminal's cursor."""
    if isinstance(value, str):
        return "".join(map(_visible, json.dumps(value, ensure_ascii=False)))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{toml_key(str(name))} = {toml_value(one)}' for name, one in value.items())}}}"
    return toml_value(value.model_dump()) if isinstance(value, BaseModel) else str(value)


def toml_key(name: str) -> str:
    """Write a key as TOML would have it: bare where it can be."""
    return name if re.fullmatch(r"[A-Za-z0-9_<>-]+", name) else toml_value(name)


def _fits(key: Sequence[str], path: Sequence[str | int]) -> bool:
    return len(key) == len(path) and all(
        isinstance(given, int) if name == ITEM else name in (ANY_NAME, given)
        for name, given in zip(key, path, strict=True)
    )


def _is_item(key: Key, path: Sequence[str | int]) -> bool:
    """Say whether `path` is one of the names that `key` holds plain values by."""
    return key.kind.holds == "names" and key.kind.table is None and _fits(key.inside, path)


def _holding(holds: Literal["list", "names"], annotation: object) -> Kind:
    inner = kind_of(annotation)
    return Kind(holds, inner.base, inner.marks)


def _flat(marks: Sequence[object]) -> Iterator[object]:
    for mark in marks:
        yield from mark.metadata if isinstance(mark, FieldInfo) else (mark,)


def _described(kind: Kind) -> str:
    if kind.table is None:
        one = _one(kind)
        return {"one": one, "list": f"a list, each item {one}", "names": f"{one} by name"}[kind.holds]
    required = [name for name, field in kind.table.model_fields.items() if field.is_required()]
    holding = f" with {' and '.join(required)}" if required else ""
    return {"one": "a table", "list": "a list of tables", "names": "tables by name"}[kind.holds] + holding


def _one(kind: Kind) -> str:
    if get_origin(kind.base) is Literal:
        return " or ".join(toml_value(choice) for choice in get_args(kind.base))
    form = next((mark.words for mark in kind.marks if isinstance(mark, Form)), _WORDS[kind.base])
    unit = f" of {kind.unit}" if kind.unit not in ("", "ratio", "seed", "revision") else ""
    least = _limit(kind, "ge")
    most = _limit(kind, "le")
    if least is None:
        return form
    return f"{form}{unit} from {least:,} to {most:,}" if most is not None else f"{form}{unit}, at least {least:,}"


def _limit(kind: Kind, bound: Literal["ge", "le"]) -> float | None:
    return next((getattr(mark, bound) for mark in kind.marks if hasattr(mark, bound)), None)


def _visible(character: str) -> str:
    return character if character.isprintable() else f"\\u{ord(character):04x}"
