"""Halted services: why each halted, and the consent of a person that lets it go on."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from services.console.terminal import NotDone
from shared.io.object_store import ObjectNotFound, ObjectStore, PreconditionFailed
from shared.stream.halt import HaltMarker, halt_key

_PREFIX, _SUFFIX = halt_key("\0").split("\0")


@dataclass(frozen=True)
class Halt:
    """A marker as it was read: consent is to this one, and to none that is written later."""

    marker: HaltMarker
    etag: str


def halted_services(store: ObjectStore) -> list[str]:
    """Name the services that have a halt marker."""
    return sorted(found.key.removeprefix(_PREFIX).removesuffix(_SUFFIX) for found in store.list(_PREFIX))


def find_halt(store: ObjectStore, service: str) -> Halt | None:
    """Read the marker of `service`, or give None where it isn't halted."""
    try:
        found = store.get_versioned(halt_key(service))
    except ObjectNotFound:
        return None
    return Halt(msgspec.json.decode(found.data, type=HaltMarker), found.info.etag)


def resume(store: ObjectStore, halt: Halt, by: str, at: datetime) -> None:
    """Let the service go on in the name of `by`; raises `NotDone` where its marker is no longer `halt`."""
    resumed = msgspec.structs.replace(halt.marker, resumed=True, resumed_by=by, resumed_at=at)
    try:
        store.replace(halt_key(halt.marker.service), msgspec.json.encode(resumed), if_match=halt.etag)
    except PreconditionFailed as error:
        raise NotDone(f"{halt.marker.service} was resumed or halted anew meanwhile. Look again.") from error
