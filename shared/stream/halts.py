"""Halt markers in S3, where a restart of the process, or of the machine, finds them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from shared.io.object_store import ObjectNotFound, ObjectStore
from shared.stream.halt import HaltMarker, halt_key
from shared.stream.record import OffsetRange


@dataclass(frozen=True)
class Halts:
    """The halt markers in `store`."""

    store: ObjectStore

    def read(self, service: str) -> HaltMarker | None:
        """Give the service's marker, or None where it runs freely."""
        try:
            return msgspec.json.decode(self.store.get(halt_key(service)), type=HaltMarker)
        except ObjectNotFound:
            return None

    def write(self, marker: HaltMarker) -> None:
        """Write `marker` down."""
        self.store.put(halt_key(marker.service), msgspec.json.encode(marker))

    def resume(self, service: str, by: str, at: datetime) -> HaltMarker | None:
        """Let `service` go on, in the name of `by`; gives the resumed marker, or None where nothing is halted.

        Raises `PreconditionFailed` when the service halted anew at the same moment: then there is more to look at.
        """
        try:
            found = self.store.get_versioned(halt_key(service))
        except ObjectNotFound:
            return None
        marker = msgspec.json.decode(found.data, type=HaltMarker)
        resumed = msgspec.structs.replace(marker, resumed=True, resumed_by=by, resumed_at=at)
        self.store.replace(halt_key(service), msgspec.json.encode(resumed), if_match=found.info.etag)
        return resumed

    def passed(self, marker: HaltMarker, done: Sequence[OffsetRange]) -> HaltMarker | None:
        """Forget what `done` has passed of a resumed `marker`; gives what is left of it."""
        left = marker.without(done)
        if left == marker:
            return marker
        if left.ranges:
            self.write(left)
            return left
        self.store.delete(halt_key(marker.service))
        return None
