"""Servers that go away: the worker waits, or ends and is started again, and nothing is lost."""

import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from infra.local.servers import Endpoints, Server, Servers
from shared.stream.exits import Exit
from tests.conftest import StartServers
from tests.fault_proxy import Fault, FaultProxy
from tests.shared.stream.harness import Flow, Supervised, wait_until
from tests.shared.stream.numbered.service import Numbered
from tests.shared.stream.test_no_loss import assert_nothing_lost

pytestmark = pytest.mark.integration

RECOVERY_SECONDS = 60


@pytest.fixture
def own(own_servers: StartServers) -> Servers:
    """Give a broker and a store that may be stopped."""
    return own_servers("kafka", "s3")


@pytest.fixture
def own_flow(own: Servers, engine: str, tmp_path_factory: pytest.TempPathFactory) -> Flow:
    """Give a flow on them."""
    return Flow(own.endpoints.kafka_bootstrap, own.endpoints.s3, engine, tmp_path_factory.mktemp("flow"))


def survive(flow: Flow, server: Server, end: Callable[[Server], None], away_seconds: float, **env: str) -> Supervised:
    """Take `server` away in mid-work and bring it back; gives the supervised worker once everything is committed."""
    total = 160
    flow.publish([Numbered(number=number, fate="slow") for number in range(total)])
    with Supervised(flow, STREAM_BATCH_SIZE="10", **env) as supervised:
        wait_until(lambda: flow.count("out") > 0, RECOVERY_SECONDS, "the first batch")
        end(server)
        time.sleep(away_seconds)  # the fault's length, not a wait for something
        server.start()
        server.wait_ready()
        wait_until(flow.finished, RECOVERY_SECONDS, f"all committed;\n{supervised.worker.log}")
    assert_nothing_lost(flow, total)
    return supervised


def test_the_broker_is_stopped_for_ten_seconds(own: Servers, own_flow: Flow) -> None:
    """An orderly restart: the worker goes on by itself."""
    supervised = survive(own_flow, own.kafka, Server.stop, away_seconds=10)

    assert supervised.restarts == 0


def test_the_broker_is_killed(own: Servers, own_flow: Flow) -> None:
    """A power cut of a few seconds."""
    survive(own_flow, own.kafka, Server.kill, away_seconds=3)


def test_the_store_is_away_for_twenty_seconds(own: Servers, own_flow: Flow) -> None:
    """Longer than the worker waits: it ends with 70, and its supervisor starts it until the store is back."""
    supervised = survive(own_flow, own.s3, Server.kill, away_seconds=20, STREAM_OUTAGE_SECONDS="5")

    assert supervised.restarts > 0


def test_a_worker_that_cannot_drain_says_so(servers: Endpoints, engine: str, tmp_path: Path) -> None:
    """Asked to stop while the store doesn't answer, it ends with 75 after its bound, with nothing committed."""
    with FaultProxy(urlsplit(servers.s3.endpoint).netloc) as proxy:
        store = servers.s3.model_copy(update={"endpoint": f"http://{proxy.address}"})
        flow = Flow(servers.kafka_bootstrap, store, engine, tmp_path)
        with flow.worker(STREAM_DRAIN_SECONDS="1") as worker:
            worker.until(lambda: '"started"' in worker.log)
            proxy.order(then=Fault.SWALLOW)
            asked = proxy.requests
            flow.publish([Numbered(number=number) for number in range(40)])
            worker.until(lambda: proxy.requests > asked)
            worker.terminate()
            assert worker.exit_code() == Exit.UNDRAINED, worker.log
    assert sum(flow.committed().values()) == 0


def test_a_broker_that_stays_away_ends_the_worker(own: Servers, own_flow: Flow) -> None:
    """Past its bound the worker ends with 70, whichever of its clients waits, and loses nothing."""
    own_flow.publish([Numbered(number=number, fate="slow") for number in range(60)])
    with own_flow.worker(STREAM_BATCH_SIZE="10", STREAM_OUTAGE_SECONDS="10") as worker:
        worker.until(lambda: own_flow.count("out") > 0)
        own.kafka.kill()
        assert worker.exit_code() == Exit.OUTAGE, worker.log
    own.kafka.start()
    own.kafka.wait_ready()
    with own_flow.worker() as worker:
        worker.finish()
    assert_nothing_lost(own_flow, 60)
