"""Packs: where a member is, when a pack closes, and what happens when it can't be stored."""

import asyncio
import re
import threading
from datetime import UTC, datetime

import pytest

from shared.io.memory import MemoryObjectStore
from shared.io.object_store import ObjectInfo
from shared.io.outage import Outage
from shared.warc.pack import read_response, write_response
from spiders.packs import PACK_BYTES, PACK_SECONDS, PackWriter, pack_key


class AwayStore(MemoryObjectStore):
    """A store that is away."""

    def put(self, key: str, data: bytes, *, content_type: str = "") -> ObjectInfo:
        """Fail."""
        raise Outage(f"{key}: {len(data)} bytes of {content_type} are not stored")


def member(number: int) -> bytes:
    """Make the member of one page."""
    return write_response(f"http://a.org/{number}", datetime(2026, 1, 1, tzinfo=UTC), 200, (), b"%d" % number)


def writer(store: MemoryObjectStore) -> tuple[PackWriter, list[int]]:
    """Give a writer, and a list that grows with each stored pack."""
    stored: list[int] = []
    return PackWriter(store, "bucket", "site", lambda: stored.append(1)), stored


async def test_members_are_found_where_the_check_says() -> None:
    """Pages that come together lie in one pack, one after another."""
    store = MemoryObjectStore()
    packs, stored = writer(store)
    checks = await asyncio.gather(*(packs.add(member(number), 10) for number in range(20)))
    assert (len({check.key for check in checks}), len(stored)) == (1, 1)
    for number, check in enumerate(checks):
        data = store.get(check.key, offset=check.offset, length=check.length)
        assert read_response(data).body == b"%d" % number
        assert (check.bucket, check.encoding) == ("bucket", "gzip")
    assert sum(check.length for check in checks) == store.head(checks[0].key).size


async def test_a_lone_page_waits_no_longer_than_the_pack() -> None:
    """Then its pack is closed, small as it is."""
    packs, _ = writer(MemoryObjectStore())
    started = asyncio.get_running_loop().time()
    await packs.add(member(1), 10)
    assert PACK_SECONDS <= asyncio.get_running_loop().time() - started < 10 * PACK_SECONDS


async def test_a_full_pack_is_closed_at_once() -> None:
    """By the size of the bodies; what comes after goes into the next."""
    store = MemoryObjectStore()
    packs, stored = writer(store)
    half = PACK_BYTES // 2
    async with asyncio.timeout(PACK_SECONDS / 2):
        first, second = await asyncio.gather(packs.add(member(1), half), packs.add(member(2), half))
    third = await packs.add(member(3), 10)
    assert first.key == second.key != third.key
    assert (third.offset, len(stored)) == (0, 2)


async def test_small_pages_fill_a_pack_too() -> None:
    """Each counts as at least a kilobyte, as Scrapy counts it."""
    packs, _ = writer(MemoryObjectStore())
    checks = await asyncio.gather(*(packs.add(b"x", 0) for _ in range(PACK_BYTES // 1024 + 1)))
    assert len({check.key for check in checks}) == 2


async def test_every_page_of_a_pack_hears_of_the_outage() -> None:
    """None is published, and the next pack is tried anew."""
    packs, stored = writer(AwayStore())
    outcomes = await asyncio.gather(*(packs.add(member(number), 10) for number in range(3)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Outage] * 3
    assert stored == []
    with pytest.raises(Outage):
        await packs.add(member(4), 10)


class SlowStore(MemoryObjectStore):
    """A store that answers when it is let, and then fails or not."""

    def __init__(self) -> None:
        """Let nothing through yet."""
        super().__init__()
        self.let = threading.Event()
        self.asked = 0
        self.away = False

    def put(self, key: str, data: bytes, *, content_type: str = "") -> ObjectInfo:
        """Wait to be let."""
        self.asked += 1
        assert self.let.wait(20)
        if self.away:
            raise Outage("away")
        return super().put(key, data, content_type=content_type)


@pytest.mark.parametrize("away", [False, True])
async def test_few_packs_are_stored_at_once(away: bool) -> None:
    """Pages that come while the store is slow gather in one pack, and share its fate."""
    store = SlowStore()
    store.away = away
    packs, stored = writer(store)
    adding = [asyncio.ensure_future(packs.add(member(number), PACK_BYTES)) for number in range(6)]
    await asyncio.sleep(0)
    store.let.set()
    outcomes = await asyncio.gather(*adding, return_exceptions=True)
    assert [isinstance(outcome, Outage) for outcome in outcomes] == [away] * 6
    assert (len(stored), store.asked) == ((0, 2) if away else (3, 3))


async def test_a_pack_waits_from_its_own_first_page_on() -> None:
    """Neither the time of the pack before it closes it, nor that the store is free again."""
    store, clock = SlowStore(), asyncio.get_running_loop().time
    packs, _ = writer(store)
    early = asyncio.ensure_future(packs.add(member(1), 10))
    await asyncio.sleep(PACK_SECONDS / 2)
    full = asyncio.ensure_future(packs.add(member(2), PACK_BYTES))
    await asyncio.sleep(0)
    began, last = clock(), asyncio.ensure_future(packs.add(member(3), 10))
    await asyncio.sleep(0)
    store.let.set()
    await asyncio.gather(early, full, last)
    assert clock() - began >= PACK_SECONDS


async def test_a_page_that_gives_up_takes_no_other_along() -> None:
    """A cancelled wait leaves the pack to its other pages."""
    packs, _ = writer(MemoryObjectStore())
    first, second = (asyncio.ensure_future(packs.add(member(number), 10)) for number in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).offset == len(member(0))


def test_a_pack_is_named_by_source_and_day() -> None:
    """So that a source's day is one prefix."""
    key = pack_key("site", datetime(2026, 11, 24, 13, 5, 9, tzinfo=UTC), "abcd")
    assert key == "raw/site/2026-11-24/130509-abcd.warc.gz"
    assert re.fullmatch(r"raw/[a-z0-9-]+/\d{4}-\d\d-\d\d/\d{6}-[0-9a-f]+\.warc\.gz", key)
