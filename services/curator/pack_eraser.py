"""Erases one document from the packs of raw pages: its records are blanked where they stand."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from services.curator.core.packs import DamagedPack, blanked, places, require_only_blanked
from shared.contracts.receipts import PackRecord, Remainder, Removed
from shared.io.object_store import ObjectNotFound, ObjectStore, PreconditionFailed, VersionedObject

log = structlog.get_logger(__name__)

PREFIX: Final = "raw/"
"""Below it are the packs, by source. Only a pack itself tells whose pages are in it, so each is read."""


@dataclass
class PackEraser:
    """Erases from all packs of `store`; `note` makes durable what is about to be blanked."""

    store: ObjectStore
    note: Callable[[Removed], None]
    packs: int = 0
    pack_bytes: int = 0
    _unreadable: list[str] = field(default_factory=list)

    def erase(self, document_id: str) -> tuple[Remainder, ...]:
        """Blank every record of the document; gives the objects that could not be read, in which it may still be.

        Packs that come meanwhile are looked through too, until a listing brings none that is new.
        """
        done: set[str] = set()
        while new := {info.key for info in self.store.list(PREFIX)} - done:
            for key in sorted(new):
                self._erase_from(key, document_id)
            done |= new
        return tuple(
            Remainder(key, "whatever it holds: it is no pack that can be read") for key in sorted(self._unreadable)
        )

    def _erase_from(self, key: str, document_id: str) -> None:
        try:
            while not self._blank(self.store.get_versioned(key), document_id):
                log.info("pack_changed", key=key)
        except ObjectNotFound:  # deleted meanwhile
            return
        except DamagedPack as error:
            log.warning("pack_unreadable", key=key, error=str(error))
            self._unreadable.append(key)

    def _blank(self, pack: VersionedObject, document_id: str) -> bool:
        """Blank the document's records in one version of a pack; tells whether that is the version that counts."""
        records = [place for place in places(pack.data) if place.document_id == document_id]
        if records:
            self.note(Removed(packs=tuple(PackRecord(pack.info.key, *place[:2]) for place in records)))
            clean = blanked(pack.data, records)
            require_only_blanked(pack.data, clean, records)
            try:
                self.store.replace(pack.info.key, clean, if_match=pack.info.etag)
            except PreconditionFailed:
                return False
            require_only_blanked(pack.data, self.store.get(pack.info.key), records)
        self.packs += 1
        self.pack_bytes += len(pack.data)
        return True
