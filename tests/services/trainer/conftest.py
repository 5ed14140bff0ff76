"""Fixtures of the trainer's tests."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from infra.local.servers import Endpoints
from shared.io.s3 import S3ObjectStore
from tests.services.trainer.world import World


@pytest.fixture
def world(servers: Endpoints, tmp_path: Path) -> Iterator[World]:
    """Give a flywheel of its own on the session's servers."""
    with closing(S3ObjectStore.from_settings(servers.s3)) as store:
        yield World(store, endpoints=servers, folder=tmp_path)
