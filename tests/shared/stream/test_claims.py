"""What claim checks name is fetched before the work: few requests, bounded memory, and a fault for what is amiss."""

import hashlib
from collections.abc import Iterator

import pytest

from shared.contracts.message import ClaimCheck, encode
from shared.io.memory import MemoryObjectStore
from shared.stream import claims as subject
from shared.stream.attempt import Fault
from shared.stream.claims import Claims
from shared.stream.record import Record
from tests.shared.stream.builders import record
from tests.shared.stream.numbered.service import SERVICE, Numbered

PACK = bytes(range(256)) * 1024


class CountingStore(MemoryObjectStore):
    """A store that notes which ranges are asked for."""

    def __init__(self) -> None:
        """Hold one pack."""
        super().__init__()
        self.asked: list[tuple[str, int, int | None]] = []
        self.put("pack", PACK)
        self.put("other", b"x" * 64)

    def get(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
        """Note the range."""
        self.asked.append((key, offset, length))
        return super().get(key, offset=offset, length=length)


def claiming(number: int, key: str, offset: int, length: int, data: bytes = PACK) -> Record:
    """Make a record that claims a range of an object whose bytes are `data`."""
    digest = hashlib.sha256(data[offset : offset + length]).hexdigest()
    claim = ClaimCheck(bucket="b", key=key, offset=offset, length=length, sha256=digest)
    return record(number, value=encode(Numbered(number=number, claim=claim)))


async def fetched(store: MemoryObjectStore, *records: Record) -> list[Record | Fault]:
    """Fetch all bodies."""
    claims = Claims(SERVICE, store)
    return [one for portion in claims.portions(records) for one in await claims.fetch(portion)]


async def test_each_record_gets_the_bytes_it_claims_and_no_others() -> None:
    """In order, whatever lies where; one without a claim stays as it is."""
    store = CountingStore()
    wanted = [claiming(0, "pack", 700, 10), record(1), claiming(2, "pack", 0, 5), claiming(3, "other", 1, 3, b"x" * 64)]

    found = await fetched(store, *wanted)

    assert [one.body if isinstance(one, Record) else one for one in found] == [PACK[700:710], None, PACK[:5], b"xxx"]
    assert [one.offset for one in found if isinstance(one, Record)] == [0, 1, 2, 3]


async def test_neighbours_in_one_object_are_one_request() -> None:
    """A gap wider than a request costs makes two of them."""
    store = CountingStore()
    near = [claiming(number, "pack", number * 100, 90) for number in range(50)]
    far = claiming(50, "pack", 5_000 + subject.GAP_BYTES, 10)

    found = await fetched(store, *near, far, near[0])

    assert not [one for one in found if isinstance(one, Fault)]
    assert sorted(store.asked) == [("pack", 0, 4_990), ("pack", 5_000 + subject.GAP_BYTES, 10)]


async def test_ranges_may_lie_in_each_other() -> None:
    """What reaches farthest counts, not what begins last; all of it is one request."""
    store = CountingStore()
    ranges = [(0, 200_000), (10, 5), (150_000, 7)]

    found = await fetched(store, *(claiming(number, "pack", *place) for number, place in enumerate(ranges)))

    assert [one.body if isinstance(one, Record) else one for one in found] == [
        PACK[offset : offset + length] for offset, length in ranges
    ]
    assert store.asked == [("pack", 0, 200_000)]


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (claiming(1, "gone", 0, 5), "BodyMissing"),
        (claiming(1, "pack", len(PACK) - 3, 5), "BodyMissing"),
        (claiming(1, "pack", len(PACK) + 10, 5), "BodyMissing"),
        (claiming(1, "pack", 0, 5, b"other"), "BodyAltered"),
        (record(1, fate="unclaimable"), "ValueError"),
        (claiming(1, "../pack", 0, 5), "ValueError"),
        (claiming(1, "", 0, 5), "ValueError"),
        (claiming(1, "pack", -1, 5), "ValueError"),
        (claiming(1, "pack", 5, -1), "ValueError"),
        (claiming(1, "pack", 0, subject.MAX_BODY_BYTES), "BodyMissing"),
        (claiming(1, "pack", 0, subject.MAX_BODY_BYTES + 1), "BodyTooLarge"),
    ],
)
async def test_a_body_that_is_amiss_is_the_only_fault(bad: Record, error: str) -> None:
    """Its neighbours, in the same object too, have theirs."""
    found = await fetched(CountingStore(), claiming(0, "pack", 0, 5), bad, claiming(2, "pack", 10, 5))

    assert [one.error if isinstance(one, Fault) else "" for one in found] == ["", error, ""]


async def test_a_record_that_cannot_be_read_is_left_to_the_work() -> None:
    """It says better what is wrong."""
    poison = [record(0, value=b"{"), record(1, value=None)]

    assert await fetched(CountingStore(), *poison) == poison


def test_bodies_come_in_portions_that_fit_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is larger than a portion comes alone; nothing is lost or moved."""
    monkeypatch.setattr(subject, "PORTION_BYTES", 100)
    records = [claiming(number, "pack", 0, size) for number, size in enumerate([40, 40, 40, 500, 1, 99, 1])]

    def sizes() -> Iterator[list[int]]:
        for portion in Claims(SERVICE, CountingStore()).portions(records):
            yield [one.length for one in portion]

    assert list(sizes()) == [[40, 40], [40], [500], [1, 99], [1]]
    assert list(Claims(SERVICE, CountingStore()).portions([])) == []


def test_a_batch_of_large_pages_is_more_than_one_portion() -> None:
    """A hundred of 1 MB, 200 kB each as they are packed: together they would outlast the time-out of their child."""
    pages = [claiming(number, "pack", 0, 200_000) for number in range(100)]
    portions = list(Claims(SERVICE, CountingStore()).portions(pages))

    assert [one.record for portion in portions for one in portion] == pages
    assert max(map(len, portions)) <= 50
