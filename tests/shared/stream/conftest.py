"""Fixtures of the stream tests: a flow on real servers, once for each engine."""

import random
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from infra.local.servers import Endpoints
from tests.fault_proxy import Fault, FaultProxy
from tests.shared.stream.harness import Flow


@pytest.fixture(params=["faust", "aiokafka"])
def engine(request: pytest.FixtureRequest) -> str:
    """Name each engine in turn."""
    return str(request.param)


@pytest.fixture
def flow(servers: Endpoints, engine: str, tmp_path: Path) -> Flow:
    """Give fresh topics on the session's servers."""
    return Flow(servers.kafka_bootstrap, servers.s3, engine, tmp_path)


@pytest.fixture
def flaky_flow(servers: Endpoints, engine: str, tmp_path: Path) -> Iterator[Flow]:
    """Give a flow whose store fails one request in a hundred, in every way that a store fails."""
    chance = random.Random(7)
    faults = [Fault.RESET, Fault.LOSE_ANSWER, Fault.CUT_ANSWER, Fault.UNAVAILABLE]
    with FaultProxy(urlsplit(servers.s3.endpoint).netloc, cut_bytes=20) as proxy:
        proxy.order(*(chance.choice(faults) if chance.random() < 0.01 else Fault.NONE for _ in range(20_000)))
        store = servers.s3.model_copy(update={"endpoint": f"http://{proxy.address}"})
        yield Flow(servers.kafka_bootstrap, store, engine, tmp_path)
