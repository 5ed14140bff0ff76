r"""Finds regular expressions whose backtracking can grow beyond all bounds: `(a+)+` on a long row of `a`.

Such an expression repeats without a limit what itself repeats without a limit, and one text can be shared out between
the two in ever more ways. `(?:/[^/]+)+` is no such expression: each round begins with a `/`, which the inner repetition
can't match, so that there is one way only. Overlapping alternatives (`(?:a|ab|b)*`) are not looked for.
"""

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

_parser: Final[Any] = importlib.import_module("re._parser")
_REPEATS: Final = ("MAX_REPEAT", "MIN_REPEAT")
_CATEGORIES: Final[Mapping[str, Callable[[str], bool]]] = {
    "DIGIT": str.isdigit,
    "SPACE": str.isspace,
    "WORD": lambda character: character.isalnum() or character == "_",
}
_MANY: Final = 10
"""From this many rounds on, a repetition counts as one without a limit."""

Node = tuple[Any, Any]
"""One item of a parsed expression: its operation and what belongs to it."""


def may_take_for_ever(pattern: str) -> bool:
    """Say whether `pattern`, which must be valid, repeats a repetition with nothing fixed between the rounds."""
    return any(_is_ambiguous(node) for node in _all(_parser.parse(pattern)))


def _is_ambiguous(node: Node) -> bool:
    if not _is_long(node):
        return False
    body = list(_round_of(node[1][2]))
    inner = [one for item in body for one in _all([item]) if _is_long(one)]
    marks = [value for operation, value in body if str(operation) == "LITERAL"]
    return bool(inner) and not any(all(_avoids(one, mark) for one in inner) for mark in marks)


def _round_of(body: Iterable[Node]) -> Iterator[Node]:
    """Yield what each round surely goes through, in order: groups are opened."""
    for operation, value in body:
        if str(operation) == "SUBPATTERN":
            yield from _round_of(value[-1])
        else:
            yield operation, value


def _avoids(repetition: Node, mark: int) -> bool:
    """Say whether nothing in `repetition` can match the character `mark`."""
    return not any(_matches(node, mark) for node in _all(repetition[1][2]))


def _matches(node: Node, mark: int) -> bool:
    operation, value = str(node[0]), node[1]
    if operation == "LITERAL":
        return bool(value == mark)
    if operation == "NOT_LITERAL":
        return bool(value != mark)
    if operation == "IN":
        negated = str(value[0][0]) == "NEGATE"
        return any(_holds(item, mark) for item in value[negated:]) != negated
    return operation in {"ANY", "GROUPREF", "GROUPREF_EXISTS"}


def _holds(item: Node, mark: int) -> bool:
    operation, value = str(item[0]), item[1]
    if operation == "RANGE":
        return bool(value[0] <= mark <= value[1])
    if operation == "CATEGORY":
        return _in_category(str(value), chr(mark))
    return bool(value == mark)


def _in_category(category: str, character: str) -> bool:
    name = category.removeprefix("CATEGORY_").removeprefix("NOT_")
    return _CATEGORIES[name](character) != ("NOT_" in category)


def _is_long(node: Node) -> bool:
    return str(node[0]) in _REPEATS and node[1][1] >= _MANY


def _all(items: Iterable[Node]) -> Iterator[Node]:
    """Yield every node of `items`, and those within them."""
    for node in items:
        yield node
        for inner in _children(node[1]):
            yield from _all(inner)


def _children(value: object) -> Iterator[Iterable[Node]]:
    """Yield the sequences of nodes that a node's value holds, however it holds them."""
    if isinstance(value, _parser.SubPattern):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _children(part)
