"""Fixtures for all tests: real servers, started on free ports by the first test that asks for them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from infra.local.servers import Endpoints, Server, Servers, running_servers

StartServers = Callable[..., Servers]


def revive(*servers: Server) -> None:
    """Start those that a test has killed, and wait until they serve."""
    for server in servers:
        if server.process.exit_code() is not None:
            server.start()
            server.wait_ready()


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    """Run one Kafka, one S3 store and one cache for the whole session; tests keep apart by topic, prefix and group."""
    with running_servers(tmp_path_factory.mktemp("servers")) as running:
        yield running.endpoints


@pytest.fixture
def own_servers(tmp_path: Path) -> Iterator[StartServers]:
    """Give a function that starts servers to stop and kill: `own_servers("kafka", "s3")`, by default all three."""
    with ExitStack() as stack:

        def start(*names: str) -> Servers:
            folder = tmp_path / "servers"
            return stack.enter_context(running_servers(folder, names) if names else running_servers(folder))

        yield start
