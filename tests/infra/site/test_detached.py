"""The server in the background, for real."""

import os
import signal
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest

from infra.local.home import Home
from infra.local.processes import wait_gone
from infra.site.detached import Wanted, down, sites, up
from infra.site.presence import PresenceFile
from infra.site.server import listen
from infra.site.tree import SiteError


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Give the folders of a stack, whose site is down at the end."""
    home = Home(tmp_path / "home")
    yield home
    down(home)


def status_of(address: str, path: str) -> int:
    """Ask for `path`."""
    connection = HTTPConnection(address.removeprefix("http://"), timeout=10)
    connection.request("GET", path)
    status = connection.getresponse().status
    connection.close()
    return status


def test_it_answers_when_up_is_done_and_no_longer_when_down_is(home: Home, root: Path) -> None:
    """In a session of its own, so that no terminal takes it along."""
    presence = up(home, Wanted(root, 0, None))
    process = presence.process
    assert process is not None
    assert status_of(presence.address, "/sitemap-en-US.xml") == 200
    assert os.getsid(presence.pid) == presence.pid
    assert down(home) is True
    assert wait_gone([process], 0)
    with pytest.raises(ConnectionRefusedError):
        status_of(presence.address, "/")
    assert down(home) is False


def test_a_second_up_finds_the_first(home: Home, root: Path) -> None:
    """By its port too, or any."""
    first = up(home, Wanted(root, 0, 3))
    port = int(first.address.rpartition(":")[2])
    assert up(home, Wanted(root, 0, 3)) == up(home, Wanted(root, port, 3)) == first


def test_another_wish_is_not_passed_over(home: Home, root: Path) -> None:
    """What is served is said, and what to do."""
    up(home, Wanted(root, 0, 3))
    with pytest.raises(SiteError, match=r"with 3 pages of each language .* Remedy: make site-down"):
        up(home, Wanted(root, 0, None))


def test_after_a_kill_it_comes_up_again(home: Home, root: Path) -> None:
    """What the killed one left behind is no hindrance."""
    first = up(home, Wanted(root, 0, None))
    process = first.process
    assert process is not None
    os.kill(first.pid, signal.SIGKILL)
    assert wait_gone([process], 10)
    second = up(home, Wanted(root, 0, None))
    assert second.pid != first.pid
    assert status_of(second.address, "/") == 200


def test_one_that_does_not_listen_to_the_asking_is_killed(
    home: Home, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stopped process can't end by itself."""
    monkeypatch.setattr("infra.site.detached.STOP_SECONDS", 0.2)
    presence = up(home, Wanted(root, 0, None))
    os.kill(presence.pid, signal.SIGSTOP)
    process = presence.process
    assert process is not None
    assert down(home) is True
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_server_that_cannot_start_is_told_with_its_log(home: Home, tmp_path: Path) -> None:
    """And nothing is left of it."""
    with pytest.raises(SiteError, match=r"did not start; the end of (.|\n)*has no pages"):
        up(home, Wanted(tmp_path / "nowhere", 0, None))
    assert PresenceFile(sites(home)).read() is None


def test_a_port_that_is_taken_is_told(home: Home, root: Path) -> None:
    """Nothing is started."""
    with listen(0) as taken, pytest.raises(SiteError, match="is taken"):
        up(home, Wanted(root, taken.getsockname()[1], None))
    assert PresenceFile(sites(home)).read() is None
