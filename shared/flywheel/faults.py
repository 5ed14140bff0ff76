"""What is wrong in `millrace.toml`, told to a person: the line, the key, its value, and what would be right."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from shared.flywheel.agreement import Path
from shared.flywheel.keys import ITEM, Key, key_at, keys, right, table_keys, toml_key, toml_value
from shared.flywheel.places import Places

VALUE_CHARACTERS: Final = 80
_NOT_A: Final = {
    "string_type": "not text in quotes",
    "int_type": "not a whole number",
    "float_type": "not a number",
    "finite_number": "not a number",
    "tuple_type": "not a list",
    "dict_type": "not a table",
    "model_type": "not a table",
    "literal_error": "no such choice",
    "greater_than_equal": "too small",
    "less_than_equal": "too large",
    "string_too_short": "empty",
    "too_short": "empty",
}


@dataclass(frozen=True)
class Wrong:
    """One fault, as pydantic tells it: its kind, the path of the key, the value, and the message."""

    kind: str
    path: Path
    value: object
    message: str = ""


def written(faults: Iterable[Wrong], flywheel: Mapping[str, Any], where: Places) -> list[tuple[int, str]]:
    """Give line and text of each of `faults` in `flywheel`, in the order of the lines."""
    faults = list(faults)
    kept = [one for one in faults if not _follows_from_others(one, faults)]
    return sorted((where.line(_path(one)), _told(one, flywheel, where)) for one in kept)


def _follows_from_others(fault: Wrong, faults: Iterable[Wrong]) -> bool:
    """Say whether pydantic only counts short what it has refused the items of."""
    length = len(fault.path)
    return fault.kind == "too_short" and any(
        len(one.path) > length and one.path[:length] == fault.path for one in faults
    )


def _path(fault: Wrong) -> Path:
    """Give the path without pydantic's mark of a name that is itself at fault."""
    return fault.path[:-1] if fault.path[-1:] == ("[key]",) else fault.path


def _told(fault: Wrong, flywheel: Mapping[str, Any], where: Places) -> str:
    path = _path(fault)
    key = key_at(path)
    heading, owner = _heading(path, key), _owner(path, flywheel)
    if fault.kind == "missing":
        return f"{heading}{owner} is missing. {_remedy(key)}"
    if path != fault.path:
        return f"{heading}{owner}: {_flaw(fault)}. Give it another name: lower-case letters, digits and hyphens."
    value = f" = {_shortened(toml_value(fault.value))}" if where.is_there(path) else ""
    if fault.kind == "extra_forbidden":
        return f"{heading}{value}{owner}: unknown. {_nearest(path)}"
    if fault.kind == "value_error" and key is not None and key.kind.table is not None:
        return f"{heading}{owner}: {_flaw(fault)}."
    return f"{heading}{value}{owner}: {_flaw(fault)}. {_remedy(key)}"


def _shortened(value: str) -> str:
    return f"{value[:VALUE_CHARACTERS]}…" if len(value) > VALUE_CHARACTERS else value


def _flaw(fault: Wrong) -> str:
    flaw = _NOT_A.get(fault.kind) or fault.message.removeprefix("Value error, ")
    return flaw.replace("Input should", "it should")


def _remedy(key: Key | None) -> str:
    if key is None:
        return "See docs/reference/millrace-toml.md."
    return f"Give {right(key)}."


def _heading(path: Path, key: Key | None) -> str:
    """Write the header of the table as a file has it, and the key; the header alone where the path is a table's."""
    if key is not None and key.kind.table is not None and key.name == path[-1]:
        return _header(path, key.kind.holds == "list")
    name = max(position for position, part in enumerate(path) if isinstance(part, str))
    table = _header(path[:name], isinstance(path[name - 1], int)) + " " if name else ""
    return table + _dotted(path[name : name + 1]) + "".join(f"[{position}]" for position in path[name + 1 :])


def _header(path: Path, listed: bool) -> str:
    return f"[[{_dotted(path)}]]" if listed else f"[{_dotted(path)}]"


def _dotted(path: Iterable[str | int]) -> str:
    names = (one for one in path if isinstance(one, str))
    return ".".join(map(toml_key, names))


def _owner(path: Path, flywheel: Mapping[str, Any]) -> str:
    """Say of which of several tables a path is: by name, else by number from 1."""
    if len(path) < 2 or not isinstance(path[1], int):  # noqa: PLR2004
        return ""
    table = flywheel[str(path[0])][path[1]]
    kind = str(path[0]).removesuffix("s")
    name = table.get("name") if isinstance(table, dict) else None
    return f" ({kind} {name})" if isinstance(name, str) and name.isprintable() else f" ({kind} {path[1] + 1})"


def _nearest(path: Path) -> str:
    """Suggest what to do with the unknown key at `path`: its name elsewhere, else a like name there."""
    name, known = str(path[-1]), [key.name for key in table_keys(path[:-1])]
    elsewhere = next(_tables_with(name), None)
    if elsewhere is not None:
        return f"It belongs in {elsewhere}."
    near = get_close_matches(name, known, 1, 0.6)
    return f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(known)}."


def _tables_with(name: str) -> Iterator[str]:
    for key in keys():
        if key.name == name and len(key.path) > 1:
            yield _header(tuple(part for part in key.path[:-1] if part != ITEM), key.path[-2] == ITEM)
