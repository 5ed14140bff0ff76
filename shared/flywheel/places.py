"""Finds the line of each table, key and list item of a TOML text, which `tomllib` doesn't tell.

For a text that `tomllib` has read: what is no TOML is not noticed here. https://toml.io/en/v1.0.0
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from typing import Final

from shared.flywheel.agreement import Path

_BLANK: Final = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_SPACE: Final = re.compile(r"[ \t]*")
_KEY: Final = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_TEXT: Final = re.compile(
    r'''"""(?s:[^\\]|\\.)*?"""(?:"{0,2})|\'\'\'(?s:.)*?\'\'\'(?:'{0,2})|"(?:[^"\\\n]|\\.)*"|'[^'\n]*\''''
)
_SCALAR: Final = re.compile(r"[^,\]}#\n]+")


class Places:
    """The lines of a text's tables, keys and list items, by path."""

    def __init__(self, lines: Mapping[Path, int]) -> None:
        """Take the line, from 1, of each path."""
        self.lines = lines

    def line(self, path: Path) -> int:
        """Give the line of `path`, or of the innermost that is there of what it lies in; 1 where nothing is."""
        return next((self.lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self.lines), 1)

    def is_there(self, path: Path) -> bool:
        """Say whether the text has `path`."""
        return path in self.lines


def places(text: str) -> Places:
    """Find every place in `text`."""
    scanner = _Scanner(text.replace("\r\n", "\n"))
    scanner.scan()
    return Places(scanner.lines)


class _Scanner:
    """Goes through a text once, from statement to statement."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self._text = text
        self._position = 0
        self._breaks = [found.start() for found in re.finditer("\n", text)]
        self._tables: dict[Path, int] = {}
        """How many tables each list of tables has by now."""

    def scan(self) -> None:
        table: Path = ()
        self._pass(_BLANK)
        while self._position < len(self._text):
            if self._text[self._position] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._pass(_BLANK)

    def _header(self) -> Path:
        """Pass `[a.b]` or `[[a.b]]` and give the path of its table."""
        start = self._position
        brackets = 2 if self._text.startswith("[[", start) else 1
        self._position += brackets
        *outer, last = self._dotted_key()
        self._position += brackets
        path: Path = ()
        for name in outer:
            path = self._newest((*path, name))
            self._found(path, start)
        path = (*path, last)
        if brackets > 1:
            self._tables[path] = self._tables.get(path, 0) + 1
        self._found(path, start)
        path = self._newest(path)
        self._found(path, start)
        return path

    def _newest(self, path: Path) -> Path:
        """Give the path of the newest table where `path` is a list of tables."""
        return (*path, self._tables[path] - 1) if path in self._tables else path

    def _pair(self, table: Path) -> None:
        """Pass `a.b = value`."""
        start = self._position
        path = table
        for name in self._dotted_key():
            path = (*path, name)
            self._found(path, start)
        self._position += 1  # the equals sign
        self._pass(_SPACE)
        self._value(path)

    def _dotted_key(self) -> list[str]:
        names = []
        while True:
            self._pass(_SPACE)
            names.append(_unquoted(self._pass(_KEY)))
            self._pass(_SPACE)
            if self._text[self._position] != ".":
                return names
            self._position += 1

    def _value(self, path: Path) -> None:
        opening = self._text[self._position]
        if opening == "[":
            self._items(path)
        elif opening == "{":
            self._inline_table(path)
        else:
            self._pass(_TEXT if opening in "\"'" else _SCALAR)

    def _items(self, path: Path) -> None:
        self._position += 1
        index = 0
        while not self._closed_by("]"):
            self._found((*path, index), self._position)
            self._value((*path, index))
            index += 1

    def _inline_table(self, path: Path) -> None:
        self._position += 1
        while not self._closed_by("}"):
            self._pair(path)

    def _closed_by(self, bracket: str) -> bool:
        """Pass to the next part of a value in brackets; where there is none, pass the bracket and say so."""
        self._pass(_BLANK)
        self._position += self._text[self._position] == ","
        self._pass(_BLANK)
        closed = self._text[self._position] == bracket
        self._position += closed
        return closed

    def _found(self, path: Path, position: int) -> None:
        self.lines.setdefault(path, bisect_right(self._breaks, position) + 1)

    def _pass(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._position)
        if found is None:
            raise ValueError(f"not TOML, at character {self._position}")
        self._position = found.end()
        return found[0]


def _unquoted(key: str) -> str:
    return str(tomllib.loads(f"key = {key}")["key"]) if key[0] in "\"'" else key
