"""Tests of the audit log, on the fake and on the real store alike."""

import secrets
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from services.console.audit_log import AuditLog, LostRace
from services.console.core.letters import Place
from shared.io.memory import MemoryObjectStore
from shared.io.object_store import ObjectStore
from tests.services.console.builders import TOPIC_ID, begun, done

WRITERS = 8


@pytest.fixture(params=["memory", pytest.param("s3", marks=pytest.mark.integration)])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    """Give each store in turn."""
    if request.param == "memory":
        return MemoryObjectStore()
    from_server: ObjectStore = request.getfixturevalue("s3_store")
    return from_server


@pytest.fixture
def topic() -> str:
    """Name a topic that has no log yet."""
    return f"topic-{secrets.token_hex(4)}-dlq"


def test_a_log_is_read_as_it_was_appended(store: ObjectStore, topic: str) -> None:
    """Entries are numbered from 0, in ten digits, one object each."""
    log = AuditLog(store, topic)
    log.read(TOPIC_ID)
    assert [log.append(begun((0, 4))), log.append(done(0, (0, 4)))] == [0, 1]
    assert AuditLog(store, topic).read(TOPIC_ID).entries == (begun((0, 4)), done(0, (0, 4)))
    assert sorted(found.key for found in store.list(f"audit/dlq/{topic}/")) == [
        f"audit/dlq/{topic}/0000000000.json",
        f"audit/dlq/{topic}/0000000001.json",
    ]


def test_a_log_of_many_entries_stays_in_order(store: ObjectStore, topic: str) -> None:
    """The tenth entry comes after the ninth."""
    log = AuditLog(store, topic)
    for number in range(12):
        log.append(begun((number, number)))
    found = AuditLog(store, topic).read(TOPIC_ID)
    assert found.entries == tuple(begun((number, number)) for number in range(12))


def test_who_appends_to_an_old_log_loses(store: ObjectStore, topic: str) -> None:
    """He reads what the other has written, and only then may append."""
    mine, theirs = AuditLog(store, topic), AuditLog(store, topic)
    mine.read(TOPIC_ID)
    theirs.append(begun((0, 0)))
    with pytest.raises(LostRace):
        mine.append(begun((0, 1)))
    standing = mine.read(TOPIC_ID).standing(Place(0, 0))
    assert standing is not None
    assert mine.append(begun((1, 1))) == 1


def test_of_many_who_append_at_once_each_entry_is_one_s(store: ObjectStore, topic: str) -> None:
    """Nobody overwrites anybody."""

    def append_in_the_end(number: int) -> int:
        log = AuditLog(store, topic)
        while True:
            log.read(TOPIC_ID)
            try:
                return log.append(begun((number, number)))
            except LostRace:
                continue

    with ThreadPoolExecutor(WRITERS) as threads:
        sequences = list(threads.map(append_in_the_end, range(WRITERS)))
    entries = AuditLog(store, topic).read(TOPIC_ID).entries
    assert sorted(sequences) == list(range(WRITERS))
    assert [entries[sequence] for sequence in sequences] == [begun((number, number)) for number in range(WRITERS)]


def test_an_entry_that_is_none_is_not_taken_for_one(topic: str) -> None:
    """A log that was tampered with is not believed."""
    store = MemoryObjectStore()
    store.create(f"audit/dlq/{topic}/0000000000.json", b'{"entry": "else"}')
    with pytest.raises(msgspec.ValidationError):
        AuditLog(store, topic).read(TOPIC_ID)
