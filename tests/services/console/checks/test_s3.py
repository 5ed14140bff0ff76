"""Tests of looking at the object store."""

import pytest

from infra.local.servers import Endpoints
from services.console.checks.s3 import probe, s3
from services.console.core.diagnosis import Verdict
from shared.io.memory import MemoryObjectStore
from shared.io.object_store import DEFAULT_CONTENT_TYPE, ObjectInfo, PreconditionFailed


class Careless(MemoryObjectStore):
    """A store that takes no notice of conditions, as old ones do."""

    def create(self, key: str, data: bytes, *, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
        """Write whatever was there."""
        return self.put(key, data, content_type=content_type)

    def replace(self, key: str, data: bytes, *, if_match: str, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
        """Write whatever was there."""
        del if_match
        return self.put(key, data, content_type=content_type)


class Failing(MemoryObjectStore):
    """A store that fails in the middle of the probe."""

    def get(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
        """Fail."""
        raise PreconditionFailed(f"{key} {offset} {length}")


def test_a_store_that_keeps_its_promises_is_fit() -> None:
    """Nothing is left of the probe."""
    store = MemoryObjectStore()
    assert [finding.verdict for finding in probe(store, "doctor/1")] == [Verdict.OK, Verdict.OK]
    assert list(store.list()) == []


def test_a_store_without_conditional_writes_is_a_failure() -> None:
    """Two writers would overwrite each other."""
    store = Careless()
    *_, writes = probe(store, "doctor/1")
    assert writes.verdict is Verdict.FAIL
    assert writes.seen == "not kept: create-only, compare-and-swap"
    assert list(store.list()) == []


def test_a_probe_that_fails_leaves_nothing() -> None:
    """The object goes whatever happens."""
    store = Failing()
    with pytest.raises(PreconditionFailed):
        list(probe(store, "doctor/1"))
    assert list(store.list()) == []


@pytest.mark.integration
def test_the_real_store_is_fit(servers: Endpoints, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bucket, clock, writes and version."""
    for name, value in servers.environment.items():
        monkeypatch.setenv(name, value)
    found = {finding.subject: finding.verdict for finding in s3()}
    assert found == dict.fromkeys(["s3", "clock of s3", "s3 writes", "s3 version"], Verdict.OK)
