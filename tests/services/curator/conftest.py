"""Fixtures of the curator's tests: stores that nobody else uses, for the curator looks through everything."""

import secrets
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from minio import Minio

from infra.local.servers import Endpoints
from shared.io.memory import MemoryObjectStore
from shared.io.object_store import ObjectStore
from shared.io.retry import RetryPolicy
from shared.io.s3 import S3ObjectStore
from shared.settings import StoreSettings

POLICY = RetryPolicy(total_seconds=20, first_delay_seconds=0.02, max_delay_seconds=0.2)


@pytest.fixture
def bucket(servers: Endpoints) -> StoreSettings:
    """Give a fresh bucket of the real store."""
    settings = servers.s3.model_copy(update={"bucket": f"curator-{secrets.token_hex(6)}"})
    client = Minio(
        urlsplit(settings.endpoint).netloc,
        access_key=settings.access_key,
        secret_key=settings.secret_key.get_secret_value(),
        secure=False,
        region=settings.region,
    )
    client.make_bucket(settings.bucket)
    return settings


@pytest.fixture
def s3(bucket: StoreSettings) -> Iterator[S3ObjectStore]:
    """Give the adapter on a fresh bucket of the real store."""
    with closing(S3ObjectStore.from_settings(bucket, POLICY)) as store:
        yield store


@pytest.fixture(params=["memory", pytest.param("s3", marks=pytest.mark.integration)])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    """Give every object store in turn, empty."""
    return MemoryObjectStore() if request.param == "memory" else request.getfixturevalue("s3")
