"""Makes of a clean document the rows of training, validation and test: itself with its labels, and copies."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from services.augmenter.core.augmentations.augmentation import Augmentation
from services.augmenter.core.chance import Chance
from services.augmenter.core.plan import Plan
from shared.contracts.documents import AugmentedDocument, CleanDocument, Lineage, RejectedDocument, TextDocument
from shared.contracts.message import ClaimCheck
from shared.contracts.split import Split, split_of
from shared.contracts.topics import DOCUMENTS_AUGMENTED, DOCUMENTS_REJECTED, Topic
from shared.flywheel.config import Source
from shared.flywheel.rules import labels_of
from shared.stream.long_text import long_text
from shared.stream.service import Outcome, Received, StoredObject

STEP: Final = "augment"
UNKNOWN_SOURCE: Final = "unknown-source"


class UnreadableText(ValueError):
    """The text is stored in an encoding other than `identity`, which our cleaner never does."""


def augment_all(plan: Plan, batch: Sequence[Received[CleanDocument]]) -> list[Outcome]:
    """Augment each document of a batch."""
    return [augment(plan, received) for received in batch]


def augment(plan: Plan, received: Received[CleanDocument]) -> Outcome:
    """Give the document with its labels and, if its group is in train, the copies that `plan` asks for.

    Labels that came with the document win over those of its source's rules. A document whose source the flywheel no
    longer has is rejected as `unknown-source`. Raises `ValueError` for one without a group, `NotAUrl` for one without a
    URL, `UnicodeDecodeError` and `UnreadableText` for a stored text that can't be read.
    """
    document = received.message
    source = plan.sources.get(document.lineage.source)
    if source is None:
        return _rejected(document)
    original = _original(document, source)
    if not _is_copied(plan, document):
        return Outcome(messages=(original,))
    made = [_packed(copy, plan.bucket) for copy in _copies(plan, original, received)]
    return Outcome(
        messages=(original, *(copy for copy, _ in made)), objects=tuple(stored for _, stored in made if stored)
    )


def body_to_copy(plan: Plan, document: CleanDocument) -> ClaimCheck | None:
    """Name the stored text that `augment` needs: that of a document which is copied."""
    return document.body if document.body and _is_copied(plan, document) else None


def route(outcome: AugmentedDocument | RejectedDocument) -> Topic[Any]:
    """Name the topic of `outcome`."""
    match outcome:
        case AugmentedDocument():
            return DOCUMENTS_AUGMENTED
        case RejectedDocument():
            return DOCUMENTS_REJECTED


def seed_of(plan: Plan, document: TextDocument, augmentation: str, number: int) -> int:
    """Give the seed of one copy: 53 bits, so that every reader of JSON reads it whole."""
    parts = (
        str(plan.flywheel.augmentation.seed),
        document.document_id,
        document.lineage.content_hash,
        augmentation,
        str(number),
    )
    return int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:8], "big") >> 11


def _is_copied(plan: Plan, document: CleanDocument) -> bool:
    split = split_of(document.lineage.group_id, document.lineage.split_hint)
    return split is Split.TRAIN and any(document.language in one.languages for one in plan.augmentations)


def _rejected(document: CleanDocument) -> Outcome:
    rejected = RejectedDocument(
        document_id=document.document_id,
        lineage=document.lineage,
        step=STEP,
        reason=UNKNOWN_SOURCE,
        detail=f"the flywheel has no source {document.lineage.source!r}",
        language=document.language,
        scores=document.scores,
    )
    return Outcome(messages=(rejected,), reason=UNKNOWN_SOURCE)


def _original(document: CleanDocument, source: Source) -> AugmentedDocument:
    said = {name: getattr(document, name) for name in document.__struct_fields__}
    return AugmentedDocument(**said | {"labels": labels_of(source, document.lineage.url) | document.labels})


def _copies(plan: Plan, original: AugmentedDocument, received: Received[CleanDocument]) -> Iterator[AugmentedDocument]:
    """Yield the copies, all with their text inline; none that says what the original, or another copy, says."""
    text = _text_of(received)
    seen = {text}
    for augmentation in plan.augmentations:
        if original.language not in augmentation.languages:
            continue
        for number in range(plan.flywheel.augmentation.copies):
            lineage = msgspec.structs.replace(
                original.lineage,
                parent_id=received.envelope.id,
                op=augmentation.name,
                op_version=augmentation.version,
                seed=seed_of(plan, original, augmentation.name, number),
            )
            copy = _copy(plan, original, augmentation, text, lineage)
            if copy.text not in seen:
                seen.add(copy.text)
                yield copy


def _copy(plan: Plan, original: AugmentedDocument, by: Augmentation, text: str, lineage: Lineage) -> AugmentedDocument:
    """Copy `original`, which says `text`. A copy has no signature, for it is no document to be found again."""

    def change(said: str) -> str:
        return by.change(said, Chance(lineage.seed), plan.means)

    copy = msgspec.structs.replace(original, lineage=lineage, text=change(text), body=None, signature=b"")
    if not by.whole_document:
        return copy
    return msgspec.structs.replace(
        copy,
        title=change(original.title),
        headings=tuple(map(change, original.headings)),
        keywords=tuple(map(change, original.keywords)),
    )


def _packed(copy: AugmentedDocument, bucket: str) -> tuple[AugmentedDocument, StoredObject | None]:
    """Move a text that is too long for a record into an object."""
    long = long_text(copy.text, bucket)
    if long is None:
        return copy, None
    return msgspec.structs.replace(copy, text="", body=long.claim), long.stored


def _text_of(received: Received[CleanDocument]) -> str:
    claim = received.message.body
    if claim is None:
        return received.message.text
    if claim.encoding != "identity" or received.body is None:
        raise UnreadableText(f"{claim.key} is encoded as {claim.encoding!r}, and texts are stored as they are")
    return received.body.decode()
