"""Up, down and what may come between, as a person sees it; with the cache as the only server, for speed."""

import os
import re
import socket
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from infra.local import control, lifecycle
from infra.local.flywheel import EXAMPLE
from infra.local.home import REPOSITORY, Home
from infra.local.lifecycle import StackDownError
from infra.local.ports import LOOPBACK
from infra.local.processes import wait_gone
from infra.local.supervisor.sole import sole_supervisor
from tests.infra.local.stack_under_test import SECONDS, MakeStack, StackUnderTest, of_each
from tests.infra.local.waiting import until
from tests.infra.test_stack import CACHE

pytestmark = pytest.mark.integration


def test_up_tells_part_port_pid_and_ready_in(make_stack: MakeStack) -> None:
    """And writes what clients need, for the user alone."""
    stack = make_stack("steady")
    printed = stack.up()
    cache = stack.units()["cache"]
    assert "part    port" in printed
    assert f"cache   {cache.ports[0]}" in printed
    assert str(stack.environment()["CACHE_PASSWORD"]) not in printed
    assert stat.S_IMODE(stack.home.environment_file.stat().st_mode) == 0o600
    assert stack.run("status").returncode == 0


def test_a_second_up_is_harmless(steady: StackUnderTest) -> None:
    """The same processes go on."""
    before = {unit.name: unit.pid for unit in steady.units().values()}
    steady.up()
    assert {unit.name: unit.pid for unit in steady.units().values()} == before


def test_two_ups_at_once_start_one_stack(make_stack: MakeStack) -> None:
    """Two terminals, one impatient person."""
    stack = make_stack()
    command = [sys.executable, "-m", "infra.local", "--stack", str(stack.file), "up"]
    environment = {**os.environ, "MILLRACE_HOME": str(stack.home.root)}
    both = [subprocess.Popen(command, env=environment, cwd=REPOSITORY, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(SECONDS) for process in both] == [0, 0]
    assert len(stack.processes()) == 1


def test_down_leaves_no_process_and_keeps_the_data(make_stack: MakeStack) -> None:
    """Not even what a service started; a second down has nothing to do."""
    stack = make_stack("steady")
    stack.up()
    supervisor = stack.supervisor()
    assert len(stack.processes()) == 3
    assert stack.run("down").returncode == 0
    assert stack.processes() == []
    assert wait_gone([supervisor], within_seconds=1)
    assert (stack.home.data / "cache").is_dir()
    assert "nothing was running" in stack.run("down").stdout


def test_a_killed_part_is_started_again(steady: StackUnderTest) -> None:
    """At the same address, and it is told why."""
    before = steady.units()["cache"]
    control_pid = before.pid
    assert control_pid is not None
    os.kill(control_pid, 9)
    until(lambda: steady.units()["cache"].restarts > before.restarts and steady.units()["cache"].state == "ready")
    after = steady.units()["cache"]
    assert after.ports == before.ports
    assert after.why == "killed by SIGKILL"


def test_up_works_after_everything_was_killed(steady: StackUnderTest) -> None:
    """A power cut; credentials and ports stay."""
    environment = steady.environment()
    steady.kill()
    until(lambda: steady.processes() == [])
    assert "supervisor.log); it last ran cache, steady" in steady.run("status").stderr
    steady.up()
    assert steady.environment() == environment


def test_up_works_when_only_the_supervisor_was_killed(steady: StackUnderTest) -> None:
    """Its children die with it; what they had started is an orphan, and is swept away."""
    steady.supervisor().kill()
    until(lambda: of_each(psutil.Process.name, steady.processes()) == ["sleep"])
    orphan = steady.processes()[0]
    steady.up()
    assert wait_gone([orphan], within_seconds=1)
    assert len(steady.processes()) == 3


def test_down_sweeps_up_after_a_killed_supervisor(make_stack: MakeStack) -> None:
    """It needs no supervisor to leave no process."""
    stack = make_stack("steady")
    stack.up()
    stack.supervisor().kill()
    until(lambda: len(stack.processes()) == 1)
    assert stack.run("down").returncode == 0
    assert stack.processes() == []


def test_another_port_is_found_when_the_usual_one_is_taken(make_stack: MakeStack) -> None:
    """And kept, also when the usual one is free again."""
    stack = make_stack()
    usual = int(stack.file.read_text(encoding="utf-8").split("client = ")[1].split("}")[0])
    with socket.create_server((LOOPBACK, usual)):
        stack.up()
        found = stack.units()["cache"].ports
    assert found != (usual,)
    stack.run("down")
    stack.up()
    assert stack.units()["cache"].ports == found


def test_a_service_that_halts_stays_down_and_says_why(make_stack: MakeStack) -> None:
    """Until a person starts it; `up` says so and is no success."""
    stack = make_stack("halting")
    done = stack.run("up")
    assert done.returncode == 1
    assert "millrace resume halting" in done.stdout
    told = stack.run("status")
    assert told.returncode == 1
    assert "halted: 100 records in a row could not be processed" in told.stdout
    assert stack.units()["halting"].restarts == 0
    control.start("halting", stack.home)
    until(lambda: stack.units()["halting"].state == "halted")


def test_a_service_that_crashes_is_tried_again_and_again(make_stack: MakeStack) -> None:
    """The rest of the stack stays up."""
    stack = make_stack("crashing")
    assert stack.run("up").returncode == 1
    until(lambda: stack.units()["crashing"].restarts >= 2)
    assert stack.units()["crashing"].why == "ended with 1: RuntimeError: no such table"
    assert stack.units()["cache"].state == "ready"


def test_a_part_that_cannot_start_ends_with_its_log_and_a_remedy(make_stack: MakeStack) -> None:
    """And nothing is left running."""
    stack = make_stack(cache=CACHE + "settings = {nonsense = 1}\n")
    done = stack.run("up")
    assert done.returncode == 1
    assert "cache could not start" in done.stderr
    assert "Bad directive" in done.stderr
    assert "Remedy: " in done.stderr
    assert stack.processes() == []
    assert not control.is_up(stack.home)


def test_a_job_that_fails_takes_the_stack_down_with_its_log(make_stack: MakeStack) -> None:
    """Services without their topics would only fail later."""
    stack = make_stack(cache=CACHE + "[jobs.topics]\nmodule = 'no_such_module'\nafter = ['cache']\n")
    done = stack.run("up")
    assert done.returncode == 1
    assert "topics could not start" in done.stderr
    assert "No module named no_such_module" in done.stderr
    assert stack.processes() == []


def test_one_can_be_stopped_and_started_by_name(steady: StackUnderTest) -> None:
    """The others go on."""
    assert steady.run("stop", "steady").returncode == 0
    until(lambda: steady.units()["steady"].state == "stopped")
    assert len(steady.processes()) == 1
    assert steady.run("start", "steady").returncode == 0
    until(lambda: steady.units()["steady"].state == "ready")
    before = steady.units()["steady"].pid
    assert steady.run("restart", "steady").returncode == 0
    until(lambda: steady.units()["steady"].state == "ready" and steady.units()["steady"].pid != before)
    refused = steady.run("start", "staedy")
    assert (refused.returncode, "there is no 'staedy'" in refused.stderr) == (1, True)


def test_restart_without_a_name_restarts_everything(steady: StackUnderTest) -> None:
    """With a new supervisor, which has read the stack file anew."""
    before = steady.supervisor()
    assert steady.run("restart").returncode == 0
    assert steady.supervisor() != before


def test_nuke_asks_and_then_removes(make_stack: MakeStack) -> None:
    """Nobody at the terminal is a no."""
    stack = make_stack()
    stack.up()
    assert (stack.home.keys / "signing.pem").exists()
    refused = stack.run("nuke")
    assert refused.returncode == 1
    assert stack.units()["cache"].state == "ready"
    assert stack.run("nuke", "--yes").returncode == 0
    assert list(stack.home.root.iterdir()) == []
    assert stack.processes() == []


def test_down_waits_for_another_down(make_stack: MakeStack) -> None:
    """Two terminals, one impatient person."""
    stack = make_stack()
    stack.home.make()
    with sole_supervisor(stack.home):
        command = [sys.executable, "-m", "infra.local", "--stack", str(stack.file), "down"]
        environment = {**os.environ, "MILLRACE_HOME": str(stack.home.root)}
        second = subprocess.Popen(command, env=environment, cwd=REPOSITORY, stdout=subprocess.DEVNULL)
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(timeout=3)
    assert second.wait(SECONDS) == 0


def test_a_down_that_waits_in_vain_says_for_what(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a start hangs before it listens."""
    monkeypatch.setattr(lifecycle, "_LOCK_SECONDS", 0.1)
    with sole_supervisor(home), pytest.raises(StackDownError, match=r"another .* Remedy: "):
        lifecycle.down(home)


def test_a_folder_with_a_long_path_works(make_stack: MakeStack) -> None:
    """A unix socket's path may have 100 bytes; a checkout's path may be longer."""
    stack = make_stack(folder="x" * 60 + "/" + "y" * 60)
    stack.up()
    assert stack.units()["cache"].state == "ready"
    stack.run("nuke", "--yes")
    assert not stack.home.sockets.exists()


def test_logs_are_shown_by_name(steady: StackUnderTest) -> None:
    """Each line with where it is from."""
    assert {*steady.run("logs", "steady").stdout.splitlines()} == {"steady | steady"}
    assert "cache      | " in steady.run("logs").stdout


def test_a_wrong_stack_file_is_told_before_anything_starts(make_stack: MakeStack) -> None:
    """No traceback."""
    stack = make_stack(cache=CACHE.replace("version", "edition"))
    done = stack.run("up")
    assert (done.returncode, done.stdout) == (1, "")
    assert "unknown field `edition`" in done.stderr
    assert not stack.home.root.exists()


def test_up_starts_again_for_another_flywheel_and_for_a_changed_one(
    make_stack: MakeStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Services read the file once: those that run would go on with the old one, and turn the new one's pages away."""
    stack, mine = make_stack("steady"), tmp_path / "millrace.toml"
    stack.up()
    before = stack.units()["steady"].pid
    mine.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setenv("MILLRACE_CONFIG", str(mine))
    assert f"Starting again for {mine}" in stack.up()
    other = stack.units()["steady"].pid
    assert other != before
    assert stack.environment()["MILLRACE_CONFIG"] == str(mine)
    assert "Starting again" not in stack.up()
    changed = re.sub(r"^revision = \d+$", "revision = 99", mine.read_text(encoding="utf-8"), flags=re.MULTILINE)
    mine.write_text(changed, encoding="utf-8")
    assert "Starting again" in stack.up()
    assert stack.units()["steady"].pid not in {before, other}


@pytest.mark.parametrize("command", ["up", "restart"])
def test_a_wrong_flywheel_is_told_whole_and_leaves_what_runs(
    command: str, steady: StackUnderTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every fault with its line; and the next start does not try that file again by itself."""
    wrong = tmp_path / "wrong.toml"
    before, told = steady.units()["cache"].pid, steady.environment()
    wrong.write_text('[dataset]\nname = "Mine"\n', encoding="utf-8")
    monkeypatch.setenv("MILLRACE_CONFIG", str(wrong))
    done = steady.run(command)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{wrong}:2: [dataset] name" in done.stderr
    assert "[[sources]] is missing" in done.stderr
    assert steady.units()["cache"].pid == before
    assert steady.environment() == told


def test_a_reader_that_has_seen_enough_is_no_error(steady: StackUnderTest) -> None:
    """As in `make logs | head`: no traceback."""
    arguments = [sys.executable, "-m", "infra.local", "--stack", str(steady.file), "logs"]
    environment = {**os.environ, "MILLRACE_HOME": str(steady.home.root)}
    with subprocess.Popen(
        arguments, env=environment, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as reading:
        assert reading.stdout is not None
        assert reading.stderr is not None
        reading.stdout.close()
        assert reading.stderr.read() == ""
