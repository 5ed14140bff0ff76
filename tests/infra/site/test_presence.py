"""Who serves the site."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil

from infra.site.presence import Presence, PresenceFile


def presence_of(pid: int, began: float | None = None) -> Presence:
    """Build what is said of a process."""
    at = psutil.Process(pid).create_time() if began is None else began
    return Presence(pid=pid, began=at, address="http://127.0.0.1:1", root="/help", limit=None)


def test_a_process_that_runs_is_known(tmp_path: Path) -> None:
    """By all that was said of it."""
    file = PresenceFile(tmp_path)
    file.write(presence_of(os.getpid()))
    assert file.read() == presence_of(os.getpid())


def test_nobody_serves_where_nobody_said_so(tmp_path: Path) -> None:
    """Or where it was taken back, or can't be read."""
    file = PresenceFile(tmp_path)
    assert file.read() is None
    file.write(presence_of(os.getpid()))
    file.remove()
    file.remove()
    assert file.read() is None
    (tmp_path / "server.json").write_bytes(b'{"pid":')
    assert file.read() is None


def test_a_process_that_is_gone_serves_nobody(tmp_path: Path) -> None:
    """Though nobody has reaped it yet."""
    file = PresenceFile(tmp_path)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        file.write(presence_of(child.pid))
        assert file.read() is not None
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert file.read() is None
    assert file.read() is None


def test_another_process_with_its_number_is_not_it(tmp_path: Path) -> None:
    """So `down` never ends a stranger."""
    file = PresenceFile(tmp_path)
    file.write(presence_of(os.getpid(), began=psutil.Process().create_time() - 100))
    assert file.read() is None


def test_one_starts_or_stops_it_at_a_time(tmp_path: Path) -> None:
    """The second waits for the first."""
    file = PresenceFile(tmp_path / "sites")
    order: list[str] = []

    def second() -> None:
        with PresenceFile(tmp_path / "sites").sole():
            order.append("second")

    with file.sole():
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.1)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
