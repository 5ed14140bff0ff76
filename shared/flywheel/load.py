"""Reads `millrace.toml`; what is wrong in it is refused with its file, line, key, value and what would be right."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from shared.flywheel.agreement import disagreements
from shared.flywheel.config import Flywheel
from shared.flywheel.faults import Wrong, written
from shared.flywheel.keys import toml_value
from shared.flywheel.places import places
from shared.settings import FlywheelSettings, SettingsError, load

_AT_LINE: Final = re.compile(r" \(at line (\d+), column (\d+)\)$")
_AT_END: Final = " (at end of document)"
_LINE_CHARACTERS: Final = 80


class FlywheelError(SettingsError):
    """`millrace.toml` is missing or wrong; the message is for a person."""


def configured_flywheel() -> Flywheel:
    """Read the flywheel that MILLRACE_CONFIG names; raises `SettingsError` that names every fault."""
    return load_flywheel(load(FlywheelSettings).config)


def load_flywheel(path: Path) -> Flywheel:
    """Read the flywheel that `path` declares; raises `FlywheelError` that names every fault."""
    text = _text(path)
    tables = _tables(path, text)
    try:
        return Flywheel.model_validate(tables)
    except ValidationError as error:
        faults = _faults(error, tables)
    found = [f"{path}:{line}: {told}" for line, told in written(faults, tables, places(text))]
    raise FlywheelError("\n".join(found))


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise FlywheelError(
            f"{path}: there is no such file. Name the one that declares your flywheel by --config or in the variable "
            "MILLRACE_CONFIG; examples/support-router/millrace.toml is one to copy."
        ) from error
    except OSError as error:
        raise FlywheelError(
            f"{path}: it can't be read ({error.strerror}). Name one that can be by --config."
        ) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise FlywheelError(
            f"{path}:{line}: the byte 0x{data[error.start]:02x} is no UTF-8. Save the file as UTF-8."
        ) from error


def _tables(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line, told = _syntax(str(error), text)
        raise FlywheelError(f"{path}:{line}: {told}") from error
    except RecursionError as error:
        raise FlywheelError(f"{path}: lists or tables lie too deep in each other. Nothing here needs that.") from error


def _syntax(message: str, text: str) -> tuple[int, str]:
    """Give line and text of what `tomllib` says."""
    lines = text.split("\n")
    found = _AT_LINE.search(message)
    last = max((number for number, line in enumerate(lines, 1) if line.strip()), default=1)
    line = int(found[1]) if found else last
    column = f", column {found[2]}" if found else ", at the end of the file"
    flaw = message[: found.start()] if found else message.removesuffix(_AT_END)
    shown = toml_value(lines[line - 1].strip()[:_LINE_CHARACTERS])
    return line, f"no TOML{column}: {flaw}. The line is {shown}; texts stand in quotes, and a key is given once."


def _faults(error: ValidationError, tables: dict[str, Any]) -> Iterator[Wrong]:
    """Yield what pydantic found in the keys, and what doesn't agree between tables, each at its own key."""
    told = [Wrong(one["type"], one["loc"], one["input"], one["msg"]) for one in error.errors()]
    # A fault without a place is the whole file's: the disagreements, which are told one by one below.
    yield from (one for one in told if one.path)
    known = {one.path for one in told}
    for path, value, message in disagreements(tables):
        if path not in known:
            yield Wrong("value_error", path, value, message)
