"""Halt markers in S3, where a restart of the process, or of the machine, finds them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from shared.io.object_store import ObjectExists, ObjectNotFound, ObjectStore, PreconditionFailed
from shared.stream.halt import HaltMarker, halt_key
from shared.stream.record import OffsetRange


@dataclass(frozen=True)
class Halts:
    """The halt markers in `store`; every change is a compare-and-swap, for a service's workers share one marker."""

    store: ObjectStore

    def read(self, service: str) -> HaltMarker | None:
        """Give the service's marker, or None where it runs freely."""
        stored, _ = self._stored(service)
        return stored

    def halt(self, marker: HaltMarker) -> None:
        """Write `marker` down, with what another worker's fresh halt says already."""

        def merged(stored: HaltMarker | None) -> HaltMarker:
            return marker if stored is None or stored.resumed else stored.with_ranges(marker.ranges)

        self._change(marker.service, merged)

    def halted(self) -> list[str]:
        """Name the services that have a marker."""
        prefix, suffix = halt_key("\0").split("\0")
        names = sorted(found.key.removeprefix(prefix).removesuffix(suffix) for found in self.store.list(prefix))
        return [name for name in names if self.read(name) is not None]

    def resume(self, seen: HaltMarker, by: str, at: datetime) -> HaltMarker:
        """Let a service go on, in the name of `by` who has `seen` its marker; gives the resumed one.

        Raises `PreconditionFailed` when the marker is no longer that: consent is to what was seen.
        """
        stored, etag = self._stored(seen.service)
        if stored != seen:
            raise PreconditionFailed(f"{seen.service} was resumed, or halted anew, meanwhile")
        resumed = msgspec.structs.replace(seen, resumed=True, resumed_by=by, resumed_at=at)
        self.store.replace(halt_key(seen.service), msgspec.json.encode(resumed), if_match=etag)
        return resumed

    def passed(self, marker: HaltMarker, done: Sequence[OffsetRange]) -> HaltMarker | None:
        """Forget what `done` has passed of a resumed `marker`; gives what is left of it for this worker.

        A fresh halt that has taken its place is left alone: only a person lifts that.
        """
        if marker.without(done) == marker:
            return marker

        def less(stored: HaltMarker | None) -> HaltMarker | None:
            same = stored is not None and stored.resumed and stored.at == marker.at
            return stored.without(done) if stored is not None and same else stored

        self._change(marker.service, less)
        left = marker.without(done)
        return left if left.ranges else None

    def _stored(self, service: str) -> tuple[HaltMarker | None, str]:
        """Give the marker and its etag, empty where nothing is; a resumed marker with nothing left to pass is none."""
        try:
            found = self.store.get_versioned(halt_key(service))
        except ObjectNotFound:
            return None, ""
        marker = msgspec.json.decode(found.data, type=HaltMarker)
        return (None if marker.resumed and not marker.ranges else marker), found.info.etag

    def _change(self, service: str, change: Callable[[HaltMarker | None], HaltMarker | None]) -> None:
        """Swap the marker for what `change` makes of it, again for as long as others are faster."""
        while True:
            stored, etag = self._stored(service)
            changed = change(stored)
            if changed is None or changed == stored:
                return
            data = msgspec.json.encode(changed)
            try:
                if etag:
                    self.store.replace(halt_key(service), data, if_match=etag)
                else:
                    self.store.create(halt_key(service), data)
            except (ObjectExists, PreconditionFailed):
                continue
            return
