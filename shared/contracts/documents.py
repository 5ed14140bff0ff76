"""A document on its way from page to row: raw, clean, rejected, augmented."""

import msgspec

from shared.contracts.message import ClaimCheck, Message
from shared.contracts.split import Split
from shared.contracts.timestamp import Timestamp


class OptOut(msgspec.Struct, frozen=True, kw_only=True):
    """What a page's owner said about its use: the signals as they were read, and what we made of them.

    `signals` maps a signal's name (`robots`, `tdm-reservation`, `x-robots-tag`, …) to its raw value; `allowed` is the
    decision under `rule_set`. Kept with each document, so that a later rule can be applied to what was fetched before.
    """

    signals: dict[str, str] = msgspec.field(default_factory=dict)
    allowed: bool = True
    rule_set: str = ""


class Lineage(msgspec.Struct, frozen=True, kw_only=True):
    """Where a record comes from, and by which rules.

    `group_id` names the documents that must share a split (empty until the cleaner stamps it); `split_hint` is the
    publisher's own split. `parent_id`, `op`, `op_version` and `seed` are set on augmented copies alone: the parent is
    the event id of the clean document.
    """

    source: str
    url: str
    fetched_at: Timestamp
    licence: str
    content_hash: str
    opt_out: OptOut = OptOut()
    group_id: str = ""
    split_hint: Split | None = None
    rule_set: str = ""
    parent_id: str | None = None
    op: str = ""
    op_version: int = 0
    seed: int = 0


class RawDocument(Message, frozen=True, kw_only=True):
    """A page as it was fetched; its bytes are in S3 (`body`), never inline."""

    document_id: str
    lineage: Lineage
    status: int
    content_type: str
    body: ClaimCheck
    labels: dict[str, str] = msgspec.field(default_factory=dict)


class NearDuplicate(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict of near-duplicate look-up: the cluster, and the estimated Jaccard similarity, 0 to 1.

    `cluster_id` is 16 hex digits: that of the document which this one was found most alike, and `similarity` is theirs.
    The first document of a cluster has no verdict, for when it came it was like no other; its cluster is named by the
    first 16 digits of its id, so whoever groups by cluster takes those where there is no verdict. A document that has
    changed its text and is like no other has a cluster of a new name, with a similarity of 1, for others may still be
    in the one that its id names.
    """

    cluster_id: str
    similarity: float


class TextDocument(Message, frozen=True, kw_only=True):
    """A document's text: inline (`text`) or, above the inline limit, in S3 (`body`).

    `keywords` are what the page says that it is about, to be found by; readers don't see them.
    `signature` is the MinHash of the text: 128 unsigned 32-bit numbers, little-endian; empty where none was taken.
    """

    document_id: str
    lineage: Lineage
    language: str
    title: str = ""
    text: str = ""
    body: ClaimCheck | None = None
    headings: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    scores: dict[str, float] = msgspec.field(default_factory=dict)
    near_duplicate: NearDuplicate | None = None
    signature: bytes = b""


class CleanDocument(TextDocument, frozen=True, kw_only=True):
    """A document that passed every rule."""


class RejectedDocument(Message, frozen=True, kw_only=True):
    """A document that a rule said no to: the step, its named reason, and what it measured."""

    document_id: str
    lineage: Lineage
    step: str
    reason: str
    detail: str = ""
    language: str = ""
    scores: dict[str, float] = msgspec.field(default_factory=dict)


class AugmentedDocument(TextDocument, frozen=True, kw_only=True):
    """A row in the making: a clean document itself (`lineage.op` empty) or a copy that an augmentation made of it."""

    @property
    def derivation(self) -> tuple[str, int]:
        """Give the augmentation, with its version, and its seed."""
        return (f"{self.lineage.op}@{self.lineage.op_version}" if self.lineage.op else ""), self.lineage.seed
