"""Each port twice: the fake in memory, and the real adapter on a real server."""

import secrets
from collections.abc import Iterator
from contextlib import closing

import pytest

from infra.local.servers import Endpoints
from shared.io.cache import Cache, ValkeyCache
from shared.io.memory import MemoryCache, MemoryObjectStore
from shared.io.object_store import ObjectStore
from shared.io.retry import RetryPolicy
from shared.io.s3 import S3ObjectStore

# Long enough for a busy machine, short enough for a test that waits for it to end.
POLICY = RetryPolicy(total_seconds=20, first_delay_seconds=0.02, max_delay_seconds=0.2)


@pytest.fixture
def prefix() -> str:
    """Give a prefix of keys that no other test uses, for the servers are everyone's."""
    return f"test-{secrets.token_hex(6)}/"


@pytest.fixture
def s3(servers: Endpoints) -> Iterator[S3ObjectStore]:
    """Give the adapter on the real store."""
    with closing(S3ObjectStore.from_settings(servers.s3, POLICY)) as store:
        yield store


@pytest.fixture(params=["memory", pytest.param("s3", marks=pytest.mark.integration)])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    """Give every object store in turn."""
    return MemoryObjectStore() if request.param == "memory" else request.getfixturevalue("s3")


@pytest.fixture
def valkey(servers: Endpoints) -> Iterator[ValkeyCache]:
    """Give the adapter on the real cache."""
    with closing(ValkeyCache.from_settings(servers.cache, POLICY)) as cache:
        yield cache


@pytest.fixture(params=["memory", pytest.param("valkey", marks=pytest.mark.integration)])
def cache(request: pytest.FixtureRequest) -> Cache:
    """Give every cache in turn."""
    return MemoryCache() if request.param == "memory" else request.getfixturevalue("valkey")
