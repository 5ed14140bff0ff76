"""The repository's own stack, all of it, from nothing."""

import io
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import psutil
import pytest

from infra.local.home import Home
from infra.local.lifecycle import nuke
from infra.local.servers import Endpoints
from infra.stack import STACK_FILE
from tests.infra.local.stack_under_test import StackUnderTest, of_each
from tests.infra.local.test_servers import make_topic, partitions, store
from tests.infra.local.waiting import until

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackUnderTest]:
    """Bring the repository's stack up in a folder of its own; every test leaves its servers up."""
    stack = StackUnderTest(Home(tmp_path_factory.mktemp("whole") / "home"), STACK_FILE)
    stack.up()
    yield stack
    nuke(stack.home)


def test_every_part_and_job_is_well(stack: StackUnderTest) -> None:
    """Kafka, store, cache, and the topics made."""
    states = {name: unit.state.value for name, unit in stack.units().items()}
    assert states.items() >= {"kafka": "ready", "s3": "ready", "cache": "ready", "topics": "done"}.items()


def test_everything_listens_on_loopback_alone(stack: StackUnderTest) -> None:
    """No other machine can reach it."""
    connections = chain.from_iterable(of_each(psutil.Process.net_connections, stack.processes()))
    listening = {connection.laddr.ip for connection in connections if connection.status == "LISTEN"}
    assert {address.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


def test_no_credential_is_on_a_command_line(stack: StackUnderTest) -> None:
    """`ps` shows those to everybody."""
    environment = stack.environment()
    secrets = [environment[name] for name in ("S3_SECRET_KEY", "S3_ACCESS_KEY", "CACHE_PASSWORD")]
    said = " ".join(chain.from_iterable(of_each(psutil.Process.cmdline, stack.processes())))
    assert not [secret for secret in secrets if secret in said]


def test_the_data_is_still_there_after_everything_was_killed(stack: StackUnderTest, tmp_path: Path) -> None:
    """A topic and an object, at the same addresses; the services, which hold none, are left out of the second start."""
    endpoints = Endpoints(stack.environment())
    make_topic(endpoints, "kept")
    store(endpoints).put_object(endpoints.s3.bucket, "kept", io.BytesIO(b"kept"), 4)
    stack.kill()
    until(lambda: stack.processes() == [])
    servers = tmp_path / "stack.toml"
    servers.write_text(STACK_FILE.read_text("utf-8").partition("\n[services.")[0], "utf-8")
    StackUnderTest(stack.home, servers).up()
    assert partitions(endpoints, "kept") == 4
    assert store(endpoints).get_object(endpoints.s3.bucket, "kept").read() == b"kept"
