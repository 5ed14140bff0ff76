"""The settler: what a batch becomes by what was seen before it."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from services.cleaner.core.candidate import Candidate
from services.cleaner.duplicates import DuplicateSettler
from services.cleaner.rebuild import IndexRebuild
from shared.contracts.documents import CleanDocument, Lineage, NearDuplicate, RejectedDocument
from shared.datasets.store import DatasetStore
from shared.io.deny_list import DenyList
from shared.io.memory import MemoryObjectStore
from shared.io.memory_duplicate_index import MemoryDuplicateIndex
from shared.stream.service import Outcome, StoredObject
from tests.shared.io.planted import AT, SIMILARITY, changed, document, texts

STORED = (StoredObject("texts/1", b"text"),)


class Cleaner:
    """A settler with all that it asks, in memory."""

    def __init__(self, *, complete: bool = True) -> None:
        """Begin with nothing seen."""
        store = MemoryObjectStore()
        self.index = MemoryDuplicateIndex(complete=complete)
        self.deny_list = DenyList(store, fresh_seconds=0)
        rebuild = IndexRebuild(self.index, DatasetStore(store, "help"), self.deny_list)
        self.settler = DuplicateSettler(self.index, self.deny_list, rebuild, similarity=SIMILARITY)

    async def settle(self, *outcomes: Outcome) -> list[Outcome]:
        """Settle one batch."""
        return list(await self.settler.settle(outcomes))


@pytest.fixture
def words() -> list[str]:
    """Give a text."""
    return texts(random.Random(2), 1)[0]


async def test_what_is_like_no_other_passes_as_it_is(words: Sequence[str]) -> None:
    """No annotation, and its objects are stored."""
    outcome = clean("1", words)

    assert await Cleaner().settle(outcome) == [outcome]


async def test_an_exact_duplicate_is_rejected(words: Sequence[str]) -> None:
    """In one batch too: the rejection names whose text it is, keeps what is known of it, and stores nothing."""
    first, second = await Cleaner().settle(clean("1", words), clean("2", words))
    [rejected] = second.messages

    assert first == clean("1", words)
    assert isinstance(rejected, RejectedDocument)
    assert rejected == RejectedDocument(
        document_id=document("2", words).document_id,
        lineage=lineage("2"),
        step="exact-duplicate",
        reason="exact-duplicate",
        detail=document("1", words).document_id,
        language="en",
        scores={"words": 200.0},
    )
    assert (second.reason, second.objects) == ("exact-duplicate", ())


async def test_a_near_duplicate_is_annotated_and_passes(words: Sequence[str]) -> None:
    """The cleaner drops none: the message says which cluster, everything else stays."""
    _, second = await Cleaner().settle(clean("1", words), clean("2", changed(words, 90)))
    [message] = second.messages

    assert isinstance(message, CleanDocument)
    assert isinstance(message.near_duplicate, NearDuplicate)
    assert message.near_duplicate.cluster_id == document("1", words).document_id[:16]
    assert SIMILARITY <= message.near_duplicate.similarity < 1
    assert (message.text, second.objects, second.reason) == (" ".join(changed(words, 90)), STORED, "")


async def test_the_same_batch_again_gives_the_same(words: Sequence[str]) -> None:
    """A batch that was settled and not sent comes again, perhaps cut otherwise."""
    cleaner = Cleaner()
    batch = [clean("1", words), clean("2", words), clean("3", changed(words, 90)), clean("1", words)]
    settled = await cleaner.settle(*batch)

    assert await cleaner.settle(*batch) == settled
    assert [(await cleaner.settle(one))[0] for one in reversed(batch)] == settled[::-1]


async def test_a_denied_document_is_rejected_before_it_is_seen(words: Sequence[str]) -> None:
    """It claims nothing: the next with its text is like no other."""
    cleaner = Cleaner()
    cleaner.deny_list.add(cleaner.deny_list.hash_of(document("1", words).document_id))
    denied, other = await cleaner.settle(clean("1", words), clean("2", words))
    [rejected] = denied.messages

    assert isinstance(rejected, RejectedDocument)
    assert (rejected.step, rejected.reason, rejected.detail) == ("deny-list", "denied", "")
    assert (denied.reason, denied.objects) == ("denied", ())
    assert other == clean("2", words)


async def test_an_older_fetch_claims_nothing(words: Sequence[str]) -> None:
    """A replayed page is judged by when it was fetched: what it said then is not taken from who says it now."""
    cleaner = Cleaner()
    now, before = clean("1", texts(random.Random(5), 1)[0], AT + timedelta(hours=1)), clean("1", words)

    assert await cleaner.settle(now, before, clean("2", words)) == [now, before, clean("2", words)]


async def test_what_has_no_candidate_is_left_alone() -> None:
    """A rejection by a rule, an outcome without messages, and an empty batch."""
    rule = RejectedDocument(document_id="0" * 32, lineage=lineage("1"), step="length", reason="too-short")
    outcomes = [Outcome(messages=(rule,), reason="too-short"), Outcome()]

    assert await Cleaner().settle(*outcomes) == outcomes
    assert await Cleaner(complete=False).settle() == []


async def test_a_lost_index_is_made_whole_first(words: Sequence[str]) -> None:
    """Neither an error nor a verdict without history: the batch waits for the rebuild, and is then judged."""
    cleaner = Cleaner(complete=False)
    first, second = await cleaner.settle(clean("1", words), clean("2", words))

    assert cleaner.index.complete()
    assert (first.reason, second.reason) == ("", "exact-duplicate")


def clean(name: str, words: Sequence[str], at: datetime = AT) -> Outcome:
    """Make the outcome of a document that passed every rule."""
    known = document(name, words)
    message = CleanDocument(
        document_id=known.document_id,
        lineage=lineage(name, at),
        language="en",
        text=" ".join(words),
        scores={"words": float(len(words))},
        signature=known.signature,
    )
    candidate = Candidate(known.document_id, "en", known.text_hash, known.signature)
    return Outcome(messages=(message,), objects=STORED, payload=candidate)


def lineage(name: str, at: datetime = AT) -> Lineage:
    """Make the lineage of the document of that name, fetched `at` a time."""
    return Lineage(
        source="help",
        url=f"http://127.0.0.1/{name}.html",
        fetched_at=at,
        licence="MPL-2.0",
        content_hash=f"c{name}",
        group_id=f"help:/{name}.html",
    )
