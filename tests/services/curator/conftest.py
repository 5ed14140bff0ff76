"""Fixtures of the curator's tests: stores that nobody else uses, for the curator looks through everything."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from infra.local.servers import Endpoints
from shared.io.memory import MemoryObjectStore
from shared.io.object_store import ObjectStore
from shared.io.retry import RetryPolicy
from shared.io.s3 import S3ObjectStore
from shared.settings import StoreSettings
from tests.fresh_bucket import fresh_bucket

POLICY = RetryPolicy(total_seconds=20, first_delay_seconds=0.02, max_delay_seconds=0.2)


@pytest.fixture
def bucket(servers: Endpoints) -> Iterator[StoreSettings]:
    """Give a fresh bucket of the real store."""
    with fresh_bucket(servers.s3, "curator") as settings:
        yield settings


@pytest.fixture
def s3(bucket: StoreSettings) -> Iterator[S3ObjectStore]:
    """Give the adapter on a fresh bucket of the real store."""
    with closing(S3ObjectStore.from_settings(bucket, POLICY)) as store:
        yield store


@pytest.fixture(params=["memory", pytest.param("s3", marks=pytest.mark.integration)])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    """Give every object store in turn, empty."""
    return MemoryObjectStore() if request.param == "memory" else request.getfixturevalue("s3")
