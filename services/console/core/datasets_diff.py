"""What changed from one dataset version to another: documents, rows, and where."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from services.console.core.payload import safe_line


class Fact(NamedTuple):
    """What a difference needs to know of a live row; `keys` are those that a manifest counts it by."""

    row_id: str
    document_id: str
    edition: str
    keys: tuple[str, ...]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What is in `later` and not in `earlier`, and the other way round.

    A document that has live rows in both, of other editions, is superseded: its old rows count as removed and its new
    ones as added. `added` and `removed` count rows by key, as a manifest does.
    """

    earlier: int
    later: int
    documents_added: int
    documents_removed: int
    documents_superseded: int
    rows_added: int
    rows_removed: int
    added: dict[str, int]
    removed: dict[str, int]


def difference(versions: tuple[int, int], before: Iterable[Fact], after: Iterable[Fact]) -> Difference:
    """Compare the live rows of two versions."""
    old, new = ({fact.row_id: fact for fact in facts} for facts in (before, after))
    added = [fact for row_id, fact in new.items() if row_id not in old]
    removed = [fact for row_id, fact in old.items() if row_id not in new]
    was, now = _editions(old), _editions(new)
    return Difference(
        earlier=versions[0],
        later=versions[1],
        documents_added=len(now.keys() - was.keys()),
        documents_removed=len(was.keys() - now.keys()),
        documents_superseded=sum(was[document] != now[document] for document in was.keys() & now.keys()),
        rows_added=len(added),
        rows_removed=len(removed),
        added=_counted(added),
        removed=_counted(removed),
    )


def summary_rows(found: Difference) -> list[tuple[str, ...]]:
    """Give the cells that say how many documents and rows came, went and were superseded."""
    documents = (found.documents_added, found.documents_removed, found.documents_superseded)
    return [
        ("documents", *(f"{count:,}" for count in documents)),
        ("rows", f"{found.rows_added:,}", f"{found.rows_removed:,}", ""),
    ]


def key_rows(found: Difference) -> list[tuple[str, ...]]:
    """Give the cells of each split, label and language that rows came to or went from."""
    return [
        (safe_line(key), f"{found.added.get(key, 0):,}", f"{found.removed.get(key, 0):,}")
        for key in sorted(found.added.keys() | found.removed.keys())
    ]


def _editions(facts: Mapping[str, Fact]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for fact in facts.values():
        found.setdefault(fact.document_id, set()).add(fact.edition)
    return {document: frozenset(editions) for document, editions in found.items()}


def _counted(facts: Iterable[Fact]) -> dict[str, int]:
    return dict(sorted(Counter(key for fact in facts for key in fact.keys).items()))
