"""One row of a dataset, with all that is known of where it came from."""

from typing import Final, Literal

import msgspec

from shared.contracts.documents import Lineage
from shared.contracts.identity import digest_of
from shared.contracts.split import Split

Kind = Literal["page", "title", "heading", "keyword", "paragraph", "feedback"]
"""What of a document a row is; `feedback` is a text that a customer has sent, with the label that they gave it."""

FEEDBACK: Final = "feedback"
"""The kind of such a row, and the source that its lineage names."""


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


def edition_of(lineage: Lineage) -> str:
    """Name what a document said: its content under its rules, whenever it was fetched."""
    return digest_of(lineage.content_hash, lineage.rule_set)[:16]


def row_id_of(document_id: str, lineage: Lineage, kind: Kind, part: int) -> str:
    """Name a row, so that a replay and a recrawl without news make the same row again."""
    made = f"{lineage.op}@{lineage.op_version}" if lineage.op else ""
    return digest_of(document_id, edition_of(lineage), made, str(lineage.seed), kind, str(part))[:32]
