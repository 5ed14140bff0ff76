"""Tests of the records that versions are ready."""

import secrets

import msgspec
import pytest

from infra.local.servers import Endpoints
from shared.datasets.ready import ReadyRecord, ReadyRecords, ready_key
from shared.io.memory import MemoryObjectStore
from shared.io.s3 import S3ObjectStore
from tests.shared.datasets.builders import AT

FIRST = ReadyRecord(
    version=3,
    created_at=AT,
    trigger="new-rows",
    rows={"total": 3},
    train_rows=2,
    manifest_sha256="ab",
    manifest_bytes=12,
)


@pytest.fixture(params=["memory", pytest.param("s3", marks=pytest.mark.integration)])
def records(request: pytest.FixtureRequest) -> ReadyRecords:
    """Give those of a dataset without any, in memory and on the real store."""
    if request.param == "memory":
        return ReadyRecords(MemoryObjectStore(), "help")
    servers: Endpoints = request.getfixturevalue("servers")
    return ReadyRecords(S3ObjectStore.from_settings(servers.s3), f"help-{secrets.token_hex(6)}")


def test_a_version_is_marked_once(records: ReadyRecords) -> None:
    """Whoever comes second changes nothing, so the event that was sent stays true."""
    later = msgspec.structs.replace(FIRST, trigger="age", train_rows=9)
    assert (records.mark(FIRST), records.mark(later)) == (True, False)
    assert records.read(3) == FIRST


def test_ready_versions_are_listed(records: ReadyRecords) -> None:
    """In ascending order; every other version isn't ready."""
    for version in (12, 3):
        records.mark(msgspec.structs.replace(FIRST, version=version))
    assert records.versions() == [3, 12]
    assert records.read(4) is None


def test_what_others_leave_in_the_folder_is_no_version() -> None:
    """A copy by hand must not end whoever lists them."""
    store = MemoryObjectStore()
    records = ReadyRecords(store, "help")
    records.mark(FIRST)
    store.put(f"{ready_key('help', 4)}.bak", b"{}")
    store.put("datasets/help/ready/.DS_Store", b"")
    assert records.versions() == [3]


def test_the_key_names_dataset_and_version() -> None:
    """Other services find it by this name."""
    assert ready_key("help", 3) == "datasets/help/ready/00000003.json"
