"""Fixtures of the dataset builder's tests: a flow on real servers."""

from pathlib import Path

import pytest

from infra.local.servers import Endpoints
from tests.services.dataset_builder.harness import BuilderFlow


@pytest.fixture
def flow(servers: Endpoints, engine: str, tmp_path: Path) -> BuilderFlow:
    """Give fresh topics and a new dataset on the session's servers."""
    return BuilderFlow(servers.kafka_bootstrap, servers.s3, engine, tmp_path)


@pytest.fixture
def engine() -> str:
    """Name the engine: the one that services use by default."""
    return "faust"
