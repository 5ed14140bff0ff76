"""Settles what one page can't know of itself: whether its text was seen before, and whether it may be here at all."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
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


@dataclass(frozen=True)
class Fetched:
    """What the index is asked about (see `shared.io.duplicate_index.Candidate`)."""

    document_id: str
    text_hash: bytes
    signature: bytes
    fetched_at: datetime


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
        fetched = {place: one for place, outcome in enumerate(outcomes) if (one := _fetched(outcome)) is not None}
        denied = self._deny_list.denied(one.document_id for one in fetched.values())
        allowed = {place: one for place, one in fetched.items() if one.document_id not in denied}
        verdicts = dict(zip(allowed, self._judge(list(allowed.values())), strict=True))
        return [
            _settled(outcome, verdicts.get(place)) if place in fetched else outcome
            for place, outcome in enumerate(outcomes)
        ]

    def _judge(self, candidates: Sequence[Fetched]) -> list[Verdict]:
        if not candidates:
            return []
        while True:
            try:
                return self._index.judge(candidates, self._similarity)
            except IndexLost:
                self._rebuild.make_whole()


def _fetched(outcome: Outcome) -> Fetched | None:
    """Give the candidate of an outcome, with the time of its clean document; None where there is none."""
    candidate = outcome.payload
    if not isinstance(candidate, Candidate):
        return None
    [at] = {message.lineage.fetched_at for message in outcome.messages if isinstance(message, CleanDocument)}
    return Fetched(candidate.document_id, candidate.text_hash, candidate.signature, at)


def _settled(outcome: Outcome, verdict: Verdict | None) -> Outcome:
    """Give an outcome by the verdict on its candidate; one without a verdict is denied."""
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
