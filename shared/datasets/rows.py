"""One row of a dataset, with all that is known of where it came from."""

from datetime import UTC
from typing import Final, Literal

import msgspec

from shared.contracts.documents import Lineage
from shared.contracts.identity import digest_of
from shared.contracts.split import Split

Kind = Literal["page", "title", "heading", "keyword", "paragraph", "feedback"]
"""What of a document a row is; `feedback` is a text that a customer has sent, with the label that they gave it."""

FEEDBACK: Final = "feedback"
"""The kind of such a row, and the source that its lineage names."""

# What the columns of `shared.datasets.shard` hold, which loads Arrow: 32 bits and 64, with a sign.
_NUMBERS: Final = {"op_version": range(-(2**31), 2**31), "seed": range(-(2**63), 2**63)}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A text to learn from.

    `row_id` is 32 hex digits, the same whenever the same row is made. `edition` is 16, and names what the document said
    (content and rules) when the row was made; a recrawl that finds nothing new has the same one. `part` counts rows of
    one kind within an edition. `cluster_id` names the cluster of near duplicates, empty for a text that is like no
    other. `signature` is the MinHash of a page's own text, empty on every other row. Labels are by name.
    """

    row_id: str
    document_id: str
    edition: str
    kind: Kind
    part: int
    text: str
    title: str
    language: str
    split: Split
    labels: dict[str, str]
    lineage: Lineage
    cluster_id: str = ""
    similarity: float = 0.0
    signature: bytes = b""
    event_id: str = ""


def require_storable(lineage: Lineage) -> None:
    """Raise `ValueError` for what no shard can hold: a number too large for its column, a moment in no year of UTC.

    Whoever makes rows asks first: in a shard, the fault of one row would be that of all beside it.
    """
    for name, column in _NUMBERS.items():
        if getattr(lineage, name) not in column:
            raise ValueError(
                f"{name} {getattr(lineage, name)} of {lineage.url} is not within {column.start} and {column.stop - 1}"
            )
    try:
        lineage.fetched_at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(
            f"fetched_at {lineage.fetched_at.isoformat()} of {lineage.url} is not within the years 1 and 9999 of UTC"
        ) from error


def edition_of(lineage: Lineage) -> str:
    """Name what a document said: its content under its rules, whenever it was fetched."""
    return digest_of(lineage.content_hash, lineage.rule_set)[:16]


def row_id_of(document_id: str, lineage: Lineage, kind: Kind, part: int) -> str:
    """Name a row, so that a replay and a recrawl without news make the same row again."""
    made = f"{lineage.op}@{lineage.op_version}" if lineage.op else ""
    return digest_of(document_id, edition_of(lineage), made, str(lineage.seed), kind, str(part))[:32]
