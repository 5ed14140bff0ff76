"""Tests of a whole erasure: what is gone, what is left, what the receipt says, and kills at every step of it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.cleaner.core.candidate import Candidate
from services.cleaner.duplicates import DuplicateSettler
from services.dataset_builder.core.decide import decide
from services.dataset_builder.core.index import Index
from shared.contracts.documents import CleanDocument, RejectedDocument
from shared.contracts.identity import document_id
from shared.contracts.receipts import AffectedVersion, MadeVersion, Promotion, Receipt, Removed, journal_key
from shared.datasets.erased import VersionErased
from shared.io.deny_list import DenyList
from shared.io.memory import MemoryObjectStore
from shared.io.object_store import ObjectInfo, ObjectStore
from shared.stream.service import Outcome
from shared.text.fingerprint import signature, text_hash
from tests.services.curator.builders import NOW, live_rows, request, row, url
from tests.services.curator.world import GONE, World


class Killed(BaseException):
    """The process is gone."""


class Mortal:
    """A store whose user is killed around its n-th change: before it, or after."""

    def __init__(self, store: ObjectStore, changes: int, *, after: bool) -> None:
        """Let so many changes through; with `after`, the last one still arrives."""
        self._store = store
        self._left = changes
        self._after = after

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - it stands for any method
        """Give the store's own method, counted where it changes something."""
        work: Callable[..., Any] = getattr(self._store, name)
        return self._counted(work) if name in ("put", "create", "replace", "delete") else work

    def _counted(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def change(*arguments: object, **named: object) -> object:
            if self._left == 0 and not self._after:
                raise Killed
            result = work(*arguments, **named)
            self._left -= 1
            if self._left < 0 or (self._left == 0 and self._after):
                raise Killed
            return result

        return change


def erased(store: ObjectStore) -> tuple[World, Receipt]:
    """Fill a world, forget the page, and give the receipt."""
    world = World(store)
    world.fill()
    return world, world.eraser().erase(request(GONE))


def test_before_an_erasure_the_page_is_everywhere(store: ObjectStore) -> None:
    """Else its absence afterwards would prove nothing."""
    world = World(store)
    world.fill()
    kinds = {key.split("/")[0] for key in world.found(GONE)}
    assert kinds == {"raw", "texts", "datasets"}
    assert len(world.found(GONE)) == 6
    assert world.complaints() == []


def test_after_it_no_object_holds_the_page(store: ObjectStore) -> None:
    """Not packed, not in a column, not in a text."""
    world, _ = erased(store)
    assert world.found(GONE) == []
    assert world.fetches(GONE) == 0


def test_all_other_pages_are_what_they_were(store: ObjectStore) -> None:
    """Their records in packs, their rows, their texts."""
    before = World(MemoryObjectStore())
    before.fill()
    world, _ = erased(store)
    for name in ("first", "other", "spare", "late", "last"):
        assert world.fetches(name) == before.fetches(name), name
    names = {"first", "other", "spare", "late", "last"}
    head = world.dataset.head()
    assert head is not None
    assert sorted(row.document_id for row in live_rows(world.dataset, head)) == sorted(
        document_id(url(name)) for name in names
    )
    assert world.complaints() == []
    assert store.exists("texts/of-another-page")


def test_the_receipt_names_what_was_removed(store: ObjectStore) -> None:
    """Every pack record, shard, version, text and claim, and who stands in."""
    _, receipt = erased(store)
    removed = receipt.removed
    assert [record.key for record in removed.packs] == [
        "raw/help/2026-11-24/1.warc.gz",
        "raw/other-source/2026-11-24/1.warc.gz",
        "raw/other-source/2026-11-24/1.warc.gz",
    ]
    assert [shard.rows for shard in removed.shards] in ([1, 2], [2, 1])
    assert removed.versions == tuple(AffectedVersion("help", number, number == 2) for number in (1, 2, 3, 4))
    assert removed.made == (MadeVersion("help", 5),)
    assert removed.promoted == (Promotion("help", document_id(url("spare"))),)
    assert len(removed.texts) == 2
    assert removed.claims == 1
    assert (receipt.requested_by, receipt.requested_at, receipt.reason) == ("anna@desk", NOW, "owner-request")
    assert (receipt.looked.packs, receipt.looked.shards, receipt.looked.records) == (3, 5, 12)


def test_the_receipt_says_what_remains_and_until_when(store: ObjectStore) -> None:
    """Kafka's records, what nobody can find, the request itself, the salted hash, and backups."""
    _, receipt = erased(store)
    left = {one.where: one.until for one in receipt.remains}
    assert left["documents-clean"] == NOW + timedelta(days=7)
    assert left["erasures-requested"] is None
    assert len(left) == 6


def test_the_page_stays_away(store: ObjectStore) -> None:
    """The deny-list has it, and every version to come."""
    world, receipt = erased(store)
    assert DenyList(store).denied([world.gone, document_id(url("first"))]) == {world.gone}
    head = world.dataset.head()
    assert head is not None
    assert head.denied == (receipt.deny_hash,)
    assert receipt.deny_hash == DenyList(store).hash_of(world.gone)


@dataclass
class Clocked:
    """A store by whose clock the deny-list was last changed so many seconds ago."""

    store: ObjectStore
    ago: int

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - it stands for any method
        """Give the store's own method."""
        return getattr(self.store, name)

    def put(self, key: str, data: bytes, **more: str) -> ObjectInfo:
        """Put it, now."""
        return replace(self.store.put(key, data, **more), modified=NOW)

    def head(self, key: str) -> ObjectInfo:
        """Say when it was changed."""
        return replace(self.store.head(key), modified=NOW - timedelta(seconds=self.ago))


@pytest.mark.parametrize(("ago", "wait"), [(0, 10.0), (2, 8.0), (60, 0.0)])
@pytest.mark.parametrize("ahead", [timedelta(days=-1), timedelta(0), timedelta(days=1)])
def test_nothing_is_looked_for_before_everybody_knows_that_it_is_denied(
    ago: int, wait: float, ahead: timedelta
) -> None:
    """A cleaner lets the page through while it trusts the list that it has, whatever a console's clock says."""
    world, slept = World(MemoryObjectStore()), list[float]()
    world.fill()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        assert DenyList(world.store).denied([world.gone])
        assert world.found(GONE)

    eraser = world.eraser(Clocked(world.store, ago))
    replace(eraser, sleep=sleep).erase(msgspec.structs.replace(request(GONE), at=NOW + ahead))
    assert slept == [wait]
    assert world.found(GONE) == []


def test_what_builder_and_cleaner_are_asked_by_says_no_to_a_replay(store: ObjectStore) -> None:
    """The raw record is still in Kafka, and may be read again from the start."""
    world, _ = erased(store)
    head = world.dataset.head()
    assert head is not None
    denied = frozenset(head.denied)
    again, other = row(GONE, content="c7"), row("new")
    decision = decide(Index(), [[again], [other]], lambda id_: DenyList(store).hash_of(id_) in denied)
    assert decision.rows == (other,)
    assert decision.verdicts["denied"] == 1
    page = CleanDocument(document_id=world.gone, lineage=again.lineage, language="en", text=again.text)
    candidate = Candidate(world.gone, "en", text_hash(again.text), signature(again.text, "en"))
    settler = DuplicateSettler(world.index, DenyList(store), None, similarity=0.8)  # type: ignore[arg-type]
    (settled,) = asyncio.run(settler.settle([Outcome(messages=(page,), payload=candidate)]))
    assert [type(message) for message in settled.messages] == [RejectedDocument]
    assert settled.reason == "denied"
    assert settled.objects == ()


def test_a_version_that_held_it_says_so(store: ObjectStore) -> None:
    """Whoever asks for it is told which to take."""
    world, _ = erased(store)
    for version in (1, 2, 3, 4):
        with pytest.raises(VersionErased, match="version 5"):
            world.dataset.read(version)


def test_done_again_it_gives_the_same_receipt_and_changes_nothing(store: ObjectStore) -> None:
    """A request may come twice."""
    world, receipt = erased(store)
    before = {info.key: info.etag for info in store.list()}
    assert world.eraser().erase(request(GONE)) == receipt
    assert {info.key: info.etag for info in store.list()} == before


def test_a_page_that_nobody_knows_is_denied_and_nothing_is_removed(store: ObjectStore) -> None:
    """It may come yet."""
    world = World(store)
    world.fill()
    receipt = world.eraser().erase(request("unknown"))
    assert receipt.removed == Removed(made=(MadeVersion("help", 5),))
    assert world.complaints() == []
    assert DenyList(store).denied([document_id(url("unknown"))])


def test_what_is_no_pack_is_named_on_the_receipt(store: ObjectStore) -> None:
    """Nobody can say that the page isn't in it."""
    world = World(store)
    world.fill()
    store.put("raw/help/broken.warc.gz", b"broken")
    receipt = world.eraser().erase(request(GONE))
    assert [one.where for one in receipt.remains if one.where.startswith("raw/")] == ["raw/help/broken.warc.gz"]


def kills() -> int:
    """Count the changes that an undisturbed erasure makes."""
    for changes in range(1, 200):
        world = World(MemoryObjectStore())
        world.fill()
        try:
            world.forget(world.eraser(Mortal(world.store, changes, after=False)))
        except Killed:
            continue
        return changes
    raise AssertionError("it makes more than 200 changes")


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_any_step_the_next_run_finishes_it(after: bool) -> None:
    """The page is gone, the versions are sound, and the receipt is that of an erasure that was left in peace."""
    _, undisturbed = erased(MemoryObjectStore())
    total = kills()
    assert total > 15
    for changes in range(total + 1):
        world = World(MemoryObjectStore())
        world.fill()
        mortal = Mortal(world.store, changes, after=after)
        with suppress(Killed):
            world.forget(world.eraser(mortal))
        receipt = world.eraser().erase(request(GONE))
        assert world.found(GONE) == [], changes
        assert world.complaints() == [], changes
        assert receipt.removed.packs == undisturbed.removed.packs, changes
        assert receipt.removed.shards == undisturbed.removed.shards, changes
        assert receipt.removed.versions == undisturbed.removed.versions, changes
        assert receipt.removed.texts == undisturbed.removed.texts, changes
        assert receipt.removed.promoted == undisturbed.removed.promoted, changes
        assert receipt.removed.claims == undisturbed.removed.claims, changes
        assert not world.store.exists(journal_key("e1")), changes
