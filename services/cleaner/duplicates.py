"""Settles what one page can't know of itself: whether its text was seen before, and whether it may be here at all."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import msgspec

from services.cleaner.core.candidate import Candidate
from services.cleaner.rebuild import IndexRebuild
from shared.contracts.documents import CleanDocument, NearDuplicate, RejectedDocument
from shared.contracts.message import Message
from shared.io.deny_list import DenyList
from shared.io.duplicate_index import DuplicateIndex, IndexLost, Verdict
from shared.stream.service import Outcome

EXACT_DUPLICATE: Final = "exact-duplicate"
DENY_LIST: Final = "deny-list"
DENIED: Final = "denied"


class DuplicateSettler:
    """The cleaner's `Settler`: asks the deny list and the duplicate index about every clean document of a batch."""

    def __init__(self, index: DuplicateIndex, deny_list: DenyList, rebuild: IndexRebuild, *, similarity: float) -> None:
        """Take texts for near duplicates from the Jaccard `similarity` on, 0 to 1."""
        self._index = index
        self._deny_list = deny_list
        self._rebuild = rebuild
        self._similarity = similarity

    async def settle(self, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
        """Give each outcome as it is to be sent: as it was, annotated, or rejected.

        `exact-duplicate` has the id of the document whose text it is as its detail; `denied` has none. Waits where the
        index is lost, until it is whole again. Raises `Outage`, and what `IndexRebuild.make_whole` raises.
        """
        return await asyncio.to_thread(self._settle, outcomes)

    def _settle(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        candidates = [outcome.payload for outcome in outcomes if isinstance(outcome.payload, Candidate)]
        denied = self._deny_list.denied(candidate.document_id for candidate in candidates)
        allowed = [candidate for candidate in candidates if candidate.document_id not in denied]
        # By identity: one batch may hold two editions of a document.
        verdicts = dict(zip(map(id, allowed), self._judge(allowed), strict=True))
        return [_settled(outcome, verdicts) for outcome in outcomes]

    def _judge(self, candidates: Sequence[Candidate]) -> list[Verdict]:
        if not candidates:
            return []
        while True:
            try:
                return self._index.judge(candidates, self._similarity)
            except IndexLost:
                self._rebuild.make_whole()


def _settled(outcome: Outcome, verdicts: Mapping[int, Verdict]) -> Outcome:
    """Give an outcome by the verdict on its candidate; one without a verdict is denied."""
    if not isinstance(outcome.payload, Candidate):
        return outcome
    verdict = verdicts.get(id(outcome.payload))
    if verdict is None:
        return _rejected(outcome, DENY_LIST, DENIED)
    if verdict.duplicate_of:
        return _rejected(outcome, EXACT_DUPLICATE, EXACT_DUPLICATE, verdict.duplicate_of)
    if not verdict.cluster_id:
        return outcome
    near = NearDuplicate(cluster_id=verdict.cluster_id, similarity=verdict.similarity)
    return replace(outcome, messages=tuple(_annotated(outcome.messages, near)))


def _annotated(messages: Iterable[Message], near: NearDuplicate) -> Iterable[Message]:
    for message in messages:
        is_clean = isinstance(message, CleanDocument)
        yield msgspec.structs.replace(message, near_duplicate=near) if is_clean else message


def _rejected(outcome: Outcome, step: str, reason: str, detail: str = "") -> Outcome:
    """Put a rejection in the place of every clean document; nothing is stored for it."""
    messages = (
        RejectedDocument(
            document_id=message.document_id,
            lineage=message.lineage,
            step=step,
            reason=reason,
            detail=detail,
            language=message.language,
            scores=message.scores,
        )
        if isinstance(message, CleanDocument)
        else message
        for message in outcome.messages
    )
    return Outcome(messages=tuple(messages), reason=reason)
