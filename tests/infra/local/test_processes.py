"""Child processes: they end with us, and what is left of them is found."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from infra.local.home import Home
from infra.local.processes import Command, Process, kill_leftovers, last_lines, of_stack, rotate, rotate_written
from tests.infra.local.waiting import until

IGNORES_TERM = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(60)"
)
WITH_CHILD = "import subprocess, sys; subprocess.Popen(['sleep', '60']); print('on', flush=True); sys.stdin.read()"
PARENT = """
import sys, time
from pathlib import Path
from infra.local.home import Home
from infra.local.processes import Command, Process
home = Home(Path(sys.argv[1]))
Process(home, Command(["sleep", "60"], {}, home.logs / "sleep.log"))
print("on", flush=True)
time.sleep(60)
"""


def python(home: Home, code: str) -> Process:
    """Start a Python that runs `code`, and wait until it says so."""
    log = home.logs / "python.log"
    process = Process(home, Command([sys.executable, "-c", code], dict(os.environ), log))
    until(lambda: last_lines(log, 1) == ["on"])
    return process


def test_the_exit_code_is_told(home: Home) -> None:
    """None while it runs, then the code, negative for a signal."""
    process = Process(home, Command(["sleep", "60"], {}, home.logs / "sleep.log"))
    assert process.exit_code() is None
    process.kill()
    assert process.exit_code() == -signal.SIGKILL


def test_what_ignores_the_asking_is_killed(home: Home) -> None:
    """A stop is over when its time is."""
    process = python(home, IGNORES_TERM)
    process.stop(within_seconds=0.1)
    assert process.exit_code() == -signal.SIGKILL


def test_a_kill_takes_the_whole_group(home: Home) -> None:
    """Workers of a service do not outlive it."""
    process = python(home, f"{WITH_CHILD}; import time; time.sleep(60)")
    assert len(of_stack(home)) == 2
    process.kill()
    until(lambda: of_stack(home) == [])


def test_a_child_dies_with_a_parent_that_is_killed(home: Home) -> None:
    """No process outlives a pytest, or a supervisor, that dies of SIGKILL."""
    with subprocess.Popen([sys.executable, "-c", PARENT, str(home.root)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"on\n"
        until(lambda: [process.name() for process in of_stack(home)] == ["sleep"])
        parent.kill()
    until(lambda: of_stack(home) == [])


def test_leftovers_are_found_by_their_stack_and_killed(home: Home, tmp_path: Path) -> None:
    """Whoever their parent is now; another stack's stay."""
    other_home = Home(tmp_path / "other")
    other_home.make()
    other = Process(other_home, Command(["sleep", "60"], {}, other_home.logs / "sleep.log"))
    process = python(home, f"{WITH_CHILD}; sys.exit(0)")
    process.terminate()
    until(lambda: process.exit_code() is not None)
    assert [left.name() for left in of_stack(home)] == ["sleep"]
    assert kill_leftovers(home) == 1
    assert of_stack(home) == []
    assert psutil.pid_exists(other.pid)
    other.kill()


def test_a_log_over_the_limit_is_put_aside_and_two_are_kept(tmp_path: Path) -> None:
    """A log does not grow for ever, and yesterday's is still there."""
    log = tmp_path / "a.log"
    for number in range(4):
        log.write_text(f"{number}" * 20, encoding="utf-8")
        rotate(log, limit_bytes=10)
    assert not log.exists()
    assert [path.read_text(encoding="utf-8")[0] for path in sorted(tmp_path.iterdir())] == ["3", "2"]


WRITES = """
import sys
print("x" * 100, flush=True)
print("on", flush=True)
for line in sys.stdin:
    print(line, end="", flush=True)
"""


def test_a_log_is_put_aside_under_its_writer(home: Home) -> None:
    """Which goes on writing, to the same file, from its start."""
    log = home.logs / "python.log"
    command = [sys.executable, "-c", WRITES]
    with log.open("ab") as output, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, text=True) as writer:
        until(lambda: last_lines(log, 1) == ["on"])
        rotate_written(home, limit_bytes=100)
        assert log.stat().st_size == 0
        assert last_lines(home.logs / "python.log.1", 1) == ["on"]
        assert writer.stdin is not None
        writer.stdin.write("more\n")
        writer.stdin.close()
        until(lambda: log.read_bytes() == b"more\n")
        rotate_written(home, limit_bytes=100)
        assert log.read_bytes() == b"more\n"


def test_a_log_that_can_t_be_put_aside_grows_on(home: Home) -> None:
    """A full disk: the supervisor goes on, and so do the other logs."""
    for name in ("a", "b"):
        (home.logs / f"{name}.log").write_text("x" * 20, encoding="utf-8")
    (home.logs / "a.log.1").mkdir()
    (home.logs / "a.log.2").mkdir()
    (home.logs / "a.log.2" / "in-the-way").touch()
    rotate_written(home, limit_bytes=10)
    assert {path.name: path.stat().st_size for path in home.logs.iterdir() if path.is_file()} == {
        "a.log": 20,
        "b.log": 0,
        "b.log.1": 20,
    }


@pytest.mark.parametrize("count", [1, 3, 40_000])
def test_the_last_lines_are_found_in_a_long_log(tmp_path: Path, count: int) -> None:
    """However many are asked for, and whole."""
    log = tmp_path / "a.log"
    lines = [f"line {number} of the log" for number in range(50_000)]
    log.write_text("\n".join(lines) + "\n\n", encoding="utf-8")
    assert last_lines(log, count) == lines[-count:]
    assert last_lines(log, 60_000) == lines


def test_for_the_last_line_only_the_end_is_read(tmp_path: Path) -> None:
    """A log may be of gigabytes."""
    log = tmp_path / "a.log"
    with log.open("wb") as file:
        file.truncate(1 << 34)  # with a hole in it, which takes no room on the disk
        file.seek(0, os.SEEK_END)
        file.write(b"\nthe end\n")
    assert last_lines(log, 1) == ["the end"]


def test_a_small_log_stays(tmp_path: Path) -> None:
    """No rotation without a reason."""
    log = tmp_path / "a.log"
    rotate(log)
    log.write_text("short\n\n \n", encoding="utf-8")
    rotate(log)
    assert last_lines(log, 5) == ["short"]
