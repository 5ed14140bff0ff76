"""Cleans one page: the page out of its pack, then the steps in order, then the messages that say what became of it."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from services.cleaner.core.candidate import Candidate
from services.cleaner.core.document import Document, Policy, Rejection, Step
from services.cleaner.core.steps import STEPS
from shared.contracts.documents import CleanDocument, Lineage, RawDocument, RejectedDocument
from shared.contracts.topics import DOCUMENTS_CLEAN, DOCUMENTS_REJECTED, Topic
from shared.flywheel.config import Cleaning, Flywheel, Source
from shared.flywheel.rules import group_of
from shared.stream.long_text import long_text
from shared.stream.service import Outcome, Received
from shared.text.fingerprint import signature, text_hash
from shared.warc.content_encoding import BodyTooLarge
from shared.warc.pack import NotAWarcRecord, read_response

ADMIT: Final = "admit"
"""What a rejection names as its step when a page doesn't come as far as the first one."""
FIRST_ERROR_STATUS: Final = 400
_DOCUMENT_ID: Final = re.compile("[0-9a-f]{32}")
# An absent type is let pass: the bytes will tell.
_HTML_TYPES: Final = frozenset({"", "text/html", "application/xhtml+xml"})


@dataclass(frozen=True)
class Rules:
    """What a cleaner needs to know: the flywheel, the bucket of long texts, and the version of it all."""

    flywheel: Flywheel
    bucket: str
    rule_set: str

    def source(self, name: str) -> Source | None:
        """Find the source called `name`."""
        return next((source for source in self.flywheel.sources if source.name == name), None)


def rule_set_of(cleaning: Cleaning, steps: Sequence[Step] = STEPS) -> str:
    """Name the version of the rules: `<revision>-<8 hex digits of what the rules say>`."""
    said = msgspec.json.encode([cleaning.model_dump(mode="json"), [(step.name, step.version) for step in steps]])
    return f"{cleaning.revision}-{hashlib.sha256(said).hexdigest()[:8]}"


def clean_batch(rules: Rules, batch: Sequence[Received[RawDocument]]) -> list[Outcome]:
    """Clean each page of `batch`, by itself."""
    return [clean(received, rules) for received in batch]


def clean(received: Received[RawDocument], rules: Rules) -> Outcome:
    """Clean one page: a `CleanDocument` with its `Candidate`, or a `RejectedDocument` with its reason.

    Raises `NotAWarcRecord`, and `ValueError` without a body: a pack that can't be read is a fault, not the page's.
    `ValueError` too for an id that is none: the duplicate index can't be asked about it, and would stop the service.
    """
    raw = received.message
    if not _DOCUMENT_ID.fullmatch(raw.document_id):
        raise ValueError(f"no document has the id {raw.document_id!r}: it is 32 hex digits")
    source = rules.source(raw.lineage.source)
    lineage = _stamped(raw.lineage, source, rules.rule_set)
    if source is None:
        why = Rejection("unknown-source", f"millrace.toml has no source {raw.lineage.source!r}")
        return _rejected(raw, lineage, ADMIT, why)
    admitted = _admitted(raw, received.body, source)
    if isinstance(admitted, Rejection):
        return _rejected(raw, lineage, ADMIT, admitted)
    return _cleaned(raw, lineage, admitted, Policy(rules.flywheel.cleaning, source.languages), rules.bucket)


def route(outcome: CleanDocument | RejectedDocument) -> Topic[Any]:
    """Name the topic of `outcome`."""
    match outcome:
        case CleanDocument():
            return DOCUMENTS_CLEAN
        case RejectedDocument():
            return DOCUMENTS_REJECTED


def _stamped(lineage: Lineage, source: Source | None, rule_set: str) -> Lineage:
    group = lineage.group_id if source is None else group_of(source, lineage.url)
    return msgspec.structs.replace(lineage, group_id=group, rule_set=rule_set)


def _admitted(raw: RawDocument, body: bytes | None, source: Source) -> Document | Rejection:
    """Read the page out of its pack; turns away answers that are no page: `status`, `content-type`, `too-large`."""
    if raw.status >= FIRST_ERROR_STATUS:
        return Rejection("status", str(raw.status))
    if raw.content_type.partition(";")[0].strip().lower() not in _HTML_TYPES:
        return Rejection("content-type", raw.content_type[:100])
    if body is None:
        raise ValueError("the record came without the bytes that its claim check names")
    try:
        content = read_response(body, source.max_page_bytes).body
    except NotAWarcRecord as error:
        if isinstance(error.__cause__, BodyTooLarge):
            return Rejection("too-large", f"more than {source.max_page_bytes} bytes")
        raise
    return Document(content, raw.content_type)


def _cleaned(raw: RawDocument, lineage: Lineage, document: Document, policy: Policy, bucket: str) -> Outcome:
    for step in STEPS:
        done = step.apply(document, policy)
        if isinstance(done, Rejection):
            return _rejected(raw, lineage, step.name, done, document)
        document = done
    return _kept(raw, lineage, document, bucket)


def _rejected(
    raw: RawDocument, lineage: Lineage, step: str, rejection: Rejection, document: Document | None = None
) -> Outcome:
    message = RejectedDocument(
        document_id=raw.document_id,
        lineage=lineage,
        step=step,
        reason=rejection.reason,
        detail=rejection.detail,
        language=document.language if document else "",
        scores=dict(document.scores) if document else {},
    )
    return Outcome(messages=(message,), reason=rejection.reason)


def _kept(raw: RawDocument, lineage: Lineage, document: Document, bucket: str) -> Outcome:
    fingerprint = signature(document.text, document.language)
    long = long_text(document.text, bucket)
    message = CleanDocument(
        document_id=raw.document_id,
        lineage=lineage,
        language=document.language,
        title=document.title,
        text="" if long else document.text,
        body=long.claim if long else None,
        headings=document.headings,
        keywords=document.keywords,
        labels=raw.labels,
        scores=dict(document.scores),
        signature=fingerprint,
    )
    candidate = Candidate(raw.document_id, document.language, text_hash(document.text), fingerprint)
    return Outcome(messages=(message,), objects=(long.stored,) if long else (), payload=candidate)
