"""Fixtures of the stream tests: a flow on real servers, once for each engine."""

from pathlib import Path
from typing import Any

import pytest

from tests.shared.stream.harness import Flow


@pytest.fixture(params=["faust", "aiokafka"])
def engine(request: pytest.FixtureRequest) -> str:
    """Name each engine in turn."""
    return str(request.param)


@pytest.fixture
def flow(servers: Any, engine: str, tmp_path: Path) -> Flow:  # noqa: ANN401
    """Give fresh topics on the session's servers."""
    return Flow(servers.kafka_bootstrap, servers.s3, engine, tmp_path)
