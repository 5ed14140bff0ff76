"""Tests of liveness, and of the port that tells it."""

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection

import pytest
from prometheus_client import CollectorRegistry, Counter

from shared.settings import TelemetrySettings
from shared.telemetry.health import Liveness, serve_health

LIMIT_SECONDS = 60.0


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        """Give the time, in seconds."""
        return self.seconds


@pytest.mark.parametrize(
    ("observations", "alive"),
    [
        pytest.param([], True, id="within the limit after the start"),
        pytest.param([(50, 0, 10), (50, 5, 10)], False, id="records wait and no offset moves"),
        pytest.param([(50, 5, 10), (50, 5, 11)], True, id="records wait and offsets move"),
        pytest.param([(50, 0, 10), (50, 0, 10)], True, id="nothing waits and no offset moves"),
        pytest.param([(500, 0, 10), (40, 9, 10)], True, id="records came after a long rest"),
        pytest.param([(500, 5, 10)], True, id="the first observation counts as progress"),
        pytest.param([(0, 0, 10), (61, 5, 10)], False, id="a long time without an observation"),
    ],
)
def test_lives_while_it_moves_or_has_nothing_to_do(observations: list[tuple[float, int, int]], alive: bool) -> None:
    """Each observation is (seconds since the one before, lag, committed offset) of one partition."""
    clock = Clock()
    liveness = Liveness(LIMIT_SECONDS, clock)
    for seconds, lag, committed in observations:
        clock.seconds += seconds
        liveness.observe({("t", 0): (lag, committed)})
    clock.seconds += 11
    assert liveness.alive() is alive


def test_a_stuck_partition_is_seen_beside_one_that_moves() -> None:
    """What another partition does is no progress of this one; one that was taken away is nobody's concern."""
    clock = Clock()
    liveness = Liveness(LIMIT_SECONDS, clock)
    for step in range(4):
        clock.seconds += 25
        liveness.observe({("t", 0): (5, 10), ("t", 1): (5, step)})
    assert not liveness.alive()
    liveness.observe({("t", 1): (5, 9), ("t", 2): (5, 0)})
    assert liveness.alive()


def test_is_ready_once_the_lag_is_known() -> None:
    """A process that has not heard of its broker is alive, and not ready."""
    liveness = Liveness(LIMIT_SECONDS, Clock())
    assert (liveness.alive(), liveness.ready()) == (True, False)
    liveness.observe({("t", 0): (1, 0), ("t", 1): (2, 0)})
    assert (liveness.alive(), liveness.ready()) == (True, True)
    assert liveness.reason() == "3 records wait; progress, or nothing to do, 0.0 s ago (limit 60 s)"


@dataclass
class Served:
    """A served process: its port, its clock and what it measures."""

    port: int
    clock: Clock
    liveness: Liveness
    counter: Counter


@pytest.fixture
def served() -> Iterator[Served]:
    """Serve on a free port."""
    clock = Clock()
    liveness = Liveness(LIMIT_SECONDS, clock)
    registry = CollectorRegistry()
    counter = Counter("pages", "页面", registry=registry)
    with serve_health("cleaner", TelemetrySettings(), registry, liveness) as port:
        yield Served(port, clock, liveness, counter)


def get(port: int, path: str) -> tuple[int, str]:
    """Give the status and the body of the answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_tells_whether_it_is_alive_and_ready(served: Served) -> None:
    """Both answers carry their reason: 200 when well, 503 when not."""
    assert get(served.port, "/livez")[0] == 200
    status, body = get(served.port, "/readyz")
    assert status == 503
    assert json.loads(body) == {"service": "cleaner", "ok": False, "reason": served.liveness.reason()}
    served.liveness.observe({("t", 0): (5, 1)})
    assert get(served.port, "/readyz?verbose")[0] == 200
    served.clock.seconds += LIMIT_SECONDS + 1
    assert [get(served.port, path)[0] for path in ("/livez", "/readyz")] == [503, 503]


def test_serves_the_metrics(served: Served) -> None:
    """A scrape sees what was counted, in UTF-8."""
    served.counter.inc(3)
    status, body = get(served.port, "/metrics")
    assert status == 200
    assert "pages_total 3.0" in body
    assert "页面" in body


def test_serves_nothing_else(served: Served) -> None:
    """Any other path is not found, and other methods are refused."""
    assert get(served.port, "/")[0] == 404
    connection = HTTPConnection("127.0.0.1", served.port, timeout=5)
    connection.request("POST", "/livez")
    assert connection.getresponse().status == 501
    connection.close()


async def test_answers_while_the_event_loop_is_busy(served: Served) -> None:
    """A blocking call in the loop, as this one is, keeps no probe waiting."""
    assert get(served.port, "/livez")[0] == 200


def test_a_silent_asker_keeps_nobody_waiting(served: Served) -> None:
    """A connection that asks nothing holds one thread, not the server."""
    with socket.create_connection(("127.0.0.1", served.port)):
        started = time.monotonic()
        assert get(served.port, "/livez")[0] == 200
        assert time.monotonic() - started < 2


def test_a_taken_port_is_named_with_its_variable() -> None:
    """The error says which variables chose the port."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = TelemetrySettings(metrics_port=taken.getsockname()[1])
        liveness = Liveness(LIMIT_SECONDS, Clock())
        with (
            pytest.raises(OSError, match="in use") as error,
            serve_health("x", settings, CollectorRegistry(), liveness),
        ):
            pass
    assert "TELEMETRY_METRICS_PORT" in error.value.__notes__[0]


def test_the_port_is_free_again_afterwards(served: Served) -> None:
    """Once the block is left nobody listens, and the same port can be had again."""
    with serve_health("a", TelemetrySettings(), CollectorRegistry(), served.liveness) as port:
        assert get(port, "/livez")[0] == 200
    with pytest.raises(urllib.error.URLError, match="refused"):
        get(port, "/livez")
    with serve_health("a", TelemetrySettings(metrics_port=port), CollectorRegistry(), served.liveness) as again:
        assert again == port
