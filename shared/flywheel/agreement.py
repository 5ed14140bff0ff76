"""What must agree between the tables of `millrace.toml`: names are given once, and a task learns what a source labels.

Works on the tables as TOML gives them, right or wrong, so that these faults are told together with all others.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

Path = tuple[str | int, ...]
"""Where a key is: the names of tables and keys, and the positions in lists."""


class Disagreement(NamedTuple):
    """One key that doesn't agree with another: where it is, what it says, and what is wrong with that."""

    path: Path
    value: object
    message: str


def disagreements(flywheel: Mapping[str, Any]) -> Iterator[Disagreement]:
    """Yield every disagreement in `flywheel`; what has another shape than it should is passed over."""
    sources, tasks = _tables(flywheel.get("sources")), _tables(flywheel.get("tasks"))
    yield from _twins("sources", sources)
    yield from _twins("tasks", tasks)
    labels = sorted({label for _, source in sources for label in _names(source.get("labels"))})
    for index, task in tasks:
        label = task.get("label")
        if isinstance(label, str) and label not in labels:
            there = f"there are: {', '.join(labels)}" if labels else "give a source a [sources.labels.…] table"
            yield Disagreement(("tasks", index, "label"), label, f"no source has a label of that name; {there}")


def _twins(kind: str, tables: Iterable[tuple[int, Mapping[str, Any]]]) -> Iterator[Disagreement]:
    first: dict[str, int] = {}
    for index, table in tables:
        name = table.get("name")
        if isinstance(name, str) and first.setdefault(name, index) != index:
            message = f"number {first[name] + 1} of [[{kind}]] has that name already"
            yield Disagreement((kind, index, "name"), name, message)


def _tables(value: object) -> list[tuple[int, Mapping[str, Any]]]:
    found = value if isinstance(value, list | tuple) else ()
    return [(index, table) for index, table in enumerate(found) if isinstance(table, Mapping)]


def _names(value: object) -> Iterator[str]:
    yield from value if isinstance(value, Mapping) else ()
