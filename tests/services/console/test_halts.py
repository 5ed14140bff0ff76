"""Tests of the consent that lets a halted service go on, on the fake and on the real store alike."""

import secrets

import msgspec
import pytest

from services.console.halts import find_halt, halted_services, resume
from services.console.terminal import NotDone
from shared.io.memory import MemoryObjectStore
from shared.io.object_store import ObjectStore
from shared.stream.halt import HaltMarker
from shared.stream.halts import Halts
from tests.services.console.builders import NOW, ranges


@pytest.fixture(params=["memory", pytest.param("s3", marks=pytest.mark.integration)])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    """Give each store in turn."""
    if request.param == "memory":
        return MemoryObjectStore()
    from_server: ObjectStore = request.getfixturevalue("s3_store")
    return from_server


@pytest.fixture
def marker(store: ObjectStore) -> HaltMarker:
    """Halt a service as the runner does."""
    service = f"service-{secrets.token_hex(4)}"
    marker = HaltMarker(service=service, at=NOW, reason="all failed", samples=("KeyError: 'x'",), ranges=ranges((5, 9)))
    Halts(store).write(marker)
    return marker


def test_halted_services_are_found_by_name(store: ObjectStore, marker: HaltMarker) -> None:
    """A person who mistyped a name sees the right one."""
    assert marker.service in halted_services(store)
    assert find_halt(store, f"not-{marker.service}") is None


def test_a_resumed_service_s_marker_says_who_and_when(store: ObjectStore, marker: HaltMarker) -> None:
    """The runner finds the consent where it left the marker."""
    halt = find_halt(store, marker.service)
    assert halt is not None
    assert halt.marker == marker
    resume(store, halt, "anna@desk-1", NOW)
    expected = msgspec.structs.replace(marker, resumed=True, resumed_by="anna@desk-1", resumed_at=NOW)
    assert Halts(store).read(marker.service) == expected


def test_consent_is_to_what_was_seen(store: ObjectStore, marker: HaltMarker) -> None:
    """Where the service halted anew meanwhile, or is past it, nobody has agreed to that."""
    halt = find_halt(store, marker.service)
    assert halt is not None
    Halts(store).write(msgspec.structs.replace(marker, reason="something else"))
    with pytest.raises(NotDone, match="Look again"):
        resume(store, halt, "anna@desk-1", NOW)
    found = find_halt(store, marker.service)
    assert found is not None
    assert not found.marker.resumed
