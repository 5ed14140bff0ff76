"""Tests of blanking a document's records in packs."""

from dataclasses import dataclass
from typing import Any

from services.curator.pack_eraser import PackEraser
from shared.contracts.identity import document_id
from shared.contracts.receipts import PackRecord, Removed
from shared.io.memory import MemoryObjectStore
from shared.io.object_store import ObjectInfo, ObjectStore
from shared.warc.pack import read_response
from tests.services.curator.builders import pack, url

GONE = document_id(url("gone"))


def test_only_packs_that_hold_the_document_are_written(store: ObjectStore) -> None:
    """Offsets of the others stay valid, so claim checks go on naming them."""
    store.put("raw/a/1", pack("gone", "other"))
    store.put("raw/a/2", pack("other"))
    untouched = store.head("raw/a/2")
    place = len(pack("gone"))
    noted: list[Removed] = []
    packs = PackEraser(store, noted.append)
    assert packs.erase(GONE) == ()
    assert noted == [Removed(packs=(PackRecord("raw/a/1", 0, place),))]
    assert store.head("raw/a/2") == untouched
    assert read_response(store.get("raw/a/1", offset=place)).url == url("other")
    assert (packs.packs, packs.pack_bytes) == (2, len(pack("gone", "other") + pack("other")))


@dataclass
class Busy:
    """A store in which a spider puts another pack while the first is read, and changes one that is to be blanked."""

    store: MemoryObjectStore
    reads: int = 0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - it stands for any method
        """Give the store's own method."""
        return getattr(self.store, name)

    def get_versioned(self, key: str) -> object:
        """Read, and let the spider come between."""
        found = self.store.get_versioned(key)
        self.reads += 1
        if self.reads == 1:
            self.store.put("raw/a/2", pack("late", "gone"))
            self.store.put(key, pack("gone", "other", "gone"))
        return found


def test_a_pack_that_comes_meanwhile_is_looked_through_too() -> None:
    """And one that is another by the time it is written is read again."""
    busy = Busy(MemoryObjectStore())
    busy.store.put("raw/a/1", pack("gone", "other"))
    noted: list[Removed] = []
    PackEraser(busy, noted.append).erase(GONE)  # type: ignore[arg-type]
    again = PackEraser(busy.store, noted.append)
    before = len(noted)
    again.erase(GONE)
    assert again.packs == 2
    assert len(noted) == before, "nothing of it is left"


class Forgetful(MemoryObjectStore):
    """A store that answers a write, and keeps what was there."""

    def replace(self, key: str, data: bytes, *, if_match: str, content_type: str = "") -> ObjectInfo:  # noqa: ARG002 - it keeps nothing
        """Do nothing."""
        return self.head(key)


def test_a_write_that_did_not_hold_is_no_erasure() -> None:
    """The pack is read again after the write; what is still there is not passed over in silence."""
    store = Forgetful()
    store.put("raw/a/1", pack("gone"))
    packs = PackEraser(store, lambda _: None)
    assert [one.where for one in packs.erase(GONE)] == ["raw/a/1"]
