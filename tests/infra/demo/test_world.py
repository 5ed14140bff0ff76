"""What a demo is told of its stack; the whole of it, on real servers, is `make demo`."""

import os
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from infra.demo import world
from infra.demo.chain import Page, Version
from infra.demo.stages import DemoFailed
from infra.demo.world import World, clear, serve_site, start_stack, stop, trouble
from infra.local import control, lifecycle
from infra.local.control import NotRunningError
from infra.local.home import Home
from infra.local.ports import write_ports
from infra.local.supervisor.status import State, UnitStatus
from infra.site import detached
from infra.site.tree import SiteError
from tests.infra.demo.stack import example
from tests.services.console.chains import CHAIN


def unit(name: str, state: State, why: str = "") -> UnitStatus:
    """Say how a unit is."""
    return UnitStatus(name, "service", state, None, (), None, 0, 0.0, why)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"event": "progress", "run": "application/3/ngrams", "doing": "epoch 2"}', "application/3/ngrams: epoch 2"),
        ('{"run": "r", "doing": "epoch 2"}\nReplaced initializer', "r: epoch 2"),
        ('{"event": "outage", "why": "Kafka is away"}', "outage: Kafka is away"),
        ("Traceback", "Traceback"),
        ("", "it logged nothing"),
    ],
)
def test_what_a_service_does_is_in_its_log(tmp_path: Path, line: str, told: str) -> None:
    """What it says that it does, or else the last line, whatever that is."""
    home = Home(tmp_path)
    home.make()
    (home.logs / "trainer.log").write_text(line, "utf-8")
    assert World(home, cast(Any, None), cast(Any, None)).doing("trainer") == f"trainer: {told}"


def test_only_what_stays_down_is_trouble(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What died is started again; what halted waits for a person."""
    units = (
        unit("cleaner", State.RESTARTING, "killed by SIGKILL"),
        unit("trainer", State.HALTED, "halted: no key"),
        unit("gateway", State.READY),
    )
    monkeypatch.setattr(control, "status", lambda _: units)
    told = trouble(Home(tmp_path))
    assert told.startswith("trainer is halted: halted: no key")
    assert "cleaner" not in told


def test_a_stack_that_is_gone_is_trouble(tmp_path: Path) -> None:
    """Somebody brought it down."""
    assert trouble(Home(tmp_path)) == str(NotRunningError())


def test_a_site_that_can_t_be_had_fails_the_demo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In the site's own words, which say what to do."""

    def refuse(_: Path) -> bool:
        raise SiteError("apt-get isn't here")

    monkeypatch.setattr(world, "fetch", refuse)
    with pytest.raises(DemoFailed, match="apt-get isn't here"):
        serve_site(Home(tmp_path), tmp_path / "tree")


def test_a_stack_that_does_not_come_up_fails_the_demo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With what is in the way; whatever is started afterwards would use it."""
    for name in ("MILLRACE_HOME", "MILLRACE_CONFIG"):
        monkeypatch.setenv(name, "before")
    monkeypatch.setattr(lifecycle, "up", lambda *_: False)
    monkeypatch.setattr(world, "trouble", lambda _: "kafka is failed: no Java")
    home = Home(tmp_path / "demo")
    with pytest.raises(DemoFailed, match="did not come up: kafka is failed: no Java"):
        start_stack(home, tmp_path / "mine.toml", str)
    assert os.environ["MILLRACE_CONFIG"] == str(tmp_path / "mine.toml")


def test_the_gateway_is_asked_where_the_stack_has_put_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the key that the stack has made."""
    home = Home(tmp_path)
    write_ports(home.ports_file, {"gateway": {"GATEWAY_PORT": 21_001, "TELEMETRY_METRICS_PORT": 21_002}})
    home.environment_file.write_text(
        "GATEWAY_API_KEY=the-key\nS3_ENDPOINT=http://127.0.0.1:1\nS3_ACCESS_KEY=a\nS3_SECRET_KEY=b\n", "utf-8"
    )
    for name in ("S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_BUCKET"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path))
    with world.opened(home, example()) as opened:
        assert opened.gateway.url == "http://127.0.0.1:21001"
        assert opened.made.task.name == "application"


def test_an_answer_is_traced_for_a_person_and_for_us(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By the same command, once as text and once as JSON."""
    (tmp_path / "played.py").write_text(
        "import sys\n"
        f"print({msgspec.json.encode(CHAIN).decode()!r} if '--json' in sys.argv else ' '.join(sys.argv[1:]))\n",
        "utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(world, "CONSOLE", "played")
    played = World(Home(tmp_path), cast(Any, None), cast(Any, None))
    assert played.trace("an-id") == "trace an-id\n"
    chain = played.chain("an-id")
    assert (chain.model, chain.page) == (Version(2), Page(url="http://site.example/rotate", is_there=True))


def test_a_stack_is_stopped_whatever_becomes_of_the_site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And what went wrong with the site is told."""

    def refuse(_: Home) -> bool:
        raise SiteError("the site doesn't end")

    stopped: list[Home] = []
    monkeypatch.setattr(detached, "down", refuse)
    monkeypatch.setattr(lifecycle, "down", stopped.append)
    with pytest.raises(SiteError, match="doesn't end"):
        stop(Home(tmp_path))
    assert stopped == [Home(tmp_path)]


def test_each_demo_begins_from_nothing(tmp_path: Path) -> None:
    """What an earlier one left is removed, and what is beside it stays."""
    home = Home(tmp_path / "demo")
    home.make()
    (home.data / "old").write_text("old", "utf-8")
    (tmp_path / "env").write_text("the user's own", "utf-8")
    stop(home)
    assert (home.data / "old").exists()
    clear(home)
    assert not home.root.exists()
    assert (tmp_path / "env").exists()
    clear(home)


def test_what_no_demo_wrote_stays(tmp_path: Path) -> None:
    """The folder that MILLRACE_HOME names may have a `demo` of its own."""
    home = Home(tmp_path / "demo")
    home.make()
    (home.root / "slides.md").touch()
    (home.root / "millrace.toml").touch()
    clear(home)
    assert [path.name for path in home.root.iterdir()] == ["slides.md"]
