"""`python -m infra.demo` as a shell sees it, and what becomes of its stack; the demo itself is `make demo`."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from infra.demo import cli, world
from infra.demo.cli import demo, main
from infra.demo.closing import Told, flaws
from infra.demo.record import Record, Swap
from infra.demo.screen import LineScreen
from infra.demo.stages import DemoFailed
from infra.local.home import Home
from shared.io.outage import Outage
from tests.infra.demo.builders import record, told

ALL = ["clear", "site", "stack", "open", "tell", "close", "stop"]


@dataclass
class PlayedStack:
    """A demo's world that does nothing but note what is done to it, in turn; `fails` are steps that raise."""

    base: Home
    fails: dict[str, Callable[[], None]] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    shown: StringIO = field(default_factory=StringIO)

    def step(self, name: str) -> None:
        """Take one."""
        self.done.append(name)
        self.fails.get(name, lambda: None)()

    def clear(self, home: Home) -> None:
        """Clear it, as ever."""
        self.step("clear")
        clear(home)

    def serve_site(self, *_: object) -> str:
        """Say where it would be."""
        self.step("site")
        return "http://127.0.0.1:1"

    def start_stack(self, home: Home, file: Path, _: object) -> None:
        """Leave a file there, as a stack does."""
        assert file.is_file()
        home.make()
        (home.data / "rows").write_text("rows", "utf-8")
        self.step("stack")

    @contextmanager
    def opened(self, *_: object) -> Iterator[SimpleNamespace]:
        """Give what is never in trouble."""
        self.step("open")
        try:
            yield SimpleNamespace(trouble=str)
        finally:
            self.step("close")

    def stop(self, home: Home) -> None:
        """Stop nothing but what the demo has started."""
        assert home == Home(self.base.root / "demo")
        self.step("stop")

    def tell(self) -> tuple[Record, Told]:
        """Tell a story in which all went well; until its end, nothing is written."""
        assert not self.written.exists()
        self.step("tell")
        return record(), told()

    @property
    def written(self) -> Path:
        """Where a demo says what it has shown."""
        return self.base.root / "demo.json"

    def demo(self, *, keep: bool = False) -> tuple[Record, Told]:
        """Run one."""
        return demo(self.base, keep, LineScreen(self.shown))


clear = world.clear


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> PlayedStack:
    """Let a demo play in a folder of its own."""
    stack = PlayedStack(Home(tmp_path))
    for name in ("clear", "serve_site", "start_stack", "opened", "stop"):
        monkeypatch.setattr(world, name, getattr(stack, name))
    monkeypatch.setattr(cli, "Story", lambda *_: stack)
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path))
    return stack


@pytest.fixture
def own_signals() -> Iterator[None]:
    """Give the signal that ends us back to whoever had it."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def failing(error: BaseException) -> Callable[[], None]:
    """Build a step that raises it."""

    def fail() -> None:
        raise error

    return fail


def test_a_demo_stops_what_it_has_started_and_writes_what_it_has_shown(played: PlayedStack) -> None:
    """In this order; what it says at the end is in the file."""
    shown = played.demo()
    assert played.done == ALL
    assert flaws(*shown) == []
    assert msgspec.json.decode(played.written.read_bytes(), type=Record) == record()
    assert str(played.written) in played.shown.getvalue()
    assert "MILLRACE_HOME" not in played.shown.getvalue()


@pytest.mark.parametrize("step", ["site", "stack", "open", "tell"])
@pytest.mark.parametrize("error", [DemoFailed("no pages"), Outage("S3 is away"), KeyboardInterrupt(), SystemExit(143)])
def test_a_demo_that_fails_in_the_middle_stops_all_the_same(
    played: PlayedStack, step: str, error: BaseException
) -> None:
    """It writes nothing, for it has not shown it all."""
    played.fails[step] = failing(error)
    with pytest.raises(type(error)):
        played.demo()
    assert played.done[-1] == "stop"
    assert played.done.count("stop") == 1
    assert not played.written.exists()


@pytest.mark.parametrize("step", ["", "tell"])
def test_a_demo_that_is_kept_stays_up(played: PlayedStack, step: str) -> None:
    """It says where, and how it ends; after a failure too, for a person to look at."""
    played.fails[step] = failing(DemoFailed("no pages"))
    if step:
        with pytest.raises(DemoFailed, match="no pages"):
            played.demo(keep=True)
    else:
        played.demo(keep=True)
    assert "stop" not in played.done
    assert played.done[-1] == "close"
    last = played.shown.getvalue().splitlines()[-1]
    assert f"export MILLRACE_HOME={played.base.root / 'demo'};" in last
    assert last.endswith("It ends with: make down site-down")


def test_a_second_demo_clears_what_the_first_has_left(played: PlayedStack) -> None:
    """Its stack and its numbers, before anything else: one that fails leaves none that aren't its own."""
    home = Home(played.base.root / "demo")
    played.demo(keep=True)
    assert (home.data / "rows").exists()
    assert played.written.exists()
    played.done.clear()
    played.fails["site"] = failing(DemoFailed("apt-get isn't here"))
    with pytest.raises(DemoFailed):
        played.demo()
    assert played.done == ["clear", "site", "stop"]
    assert not home.root.exists()
    assert not played.written.exists()


@pytest.mark.usefixtures("own_signals")
def test_a_demo_that_is_told_to_end_stops_what_it_has_started(played: PlayedStack) -> None:
    """With the code of a shell for that."""
    played.fails["tell"] = lambda: signal.raise_signal(signal.SIGTERM)
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 143
    assert played.done == ALL


@pytest.mark.usefixtures("own_signals")
@pytest.mark.parametrize(
    ("shown", "code", "said"),
    [
        ((record(), told()), 0, ""),
        ((msgspec.structs.replace(record(), swap=Swap(requests=9, failed=1)), told()), 1, "1 of 9 requests failed"),
        (DemoFailed("no pages"), 1, "the demo failed: no pages\n"),
        (Outage("S3 is away"), 1, "the demo failed: S3 is away\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_it_ends_with_0_only_if_all_of_it_happened(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    shown: tuple[Record, Told] | BaseException,
    code: int,
    said: str,
) -> None:
    """And says what did not."""

    def demo(_: Home, keep: bool, __: LineScreen) -> tuple[Record, Told]:
        assert not keep
        if isinstance(shown, BaseException):
            raise shown
        return shown

    monkeypatch.setattr(cli, "demo", demo)
    assert main([]) == code
    assert said in capsys.readouterr().err


@pytest.mark.usefixtures("own_signals")
def test_it_may_leave_its_stack_up(played: PlayedStack) -> None:
    """For a person who wants to look around."""
    assert main(["--keep"]) == 0
    assert "stop" not in played.done
