"""Progress is one line on a terminal, and few lines in a pipe."""

from io import StringIO

import pytest

from infra.demo.screen import LINE_SECONDS, LineScreen


class Terminal(StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def shown(stream: StringIO) -> str:
    """Show a stage of a minute that says something new every second, and give what was written."""
    time = iter(range(1_000))
    screen = LineScreen(stream, lambda: float(next(time)))
    screen.begin("challenger")
    for number in range(60):
        screen.now(f"step {number}")
    screen.end("challenger", "version 2", 60.0)
    screen.say("done")
    return stream.getvalue()


def test_a_pipe_gets_a_line_now_and_then() -> None:
    """Each whole, with how long the stage has lasted; no control characters."""
    text = shown(StringIO())
    lines = text.splitlines()
    assert "\r" not in text
    assert 2 < len(lines) <= 3 * 60 / LINE_SECONDS + 3
    assert lines[-2:] == ["challenger            60.0 s  version 2", "done"]
    assert all(line.startswith("challenger ") for line in lines[:-1])


def test_a_terminal_gets_one_line_that_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """As wide as the terminal at most, for a line that wraps can't be replaced."""
    monkeypatch.setenv("COLUMNS", "24")
    text = shown(Terminal())
    assert text.count("\n") == 2
    assert text.count("\r\x1b[K") > 60
    assert all(len(line) < 24 for line in text.split("\r\x1b[K")[:-2])


def test_a_pipe_hears_nothing_twice() -> None:
    """A stage that waits for the same thing all the time says so once."""
    stream = StringIO()
    time = iter(range(1_000))
    screen = LineScreen(stream, lambda: float(next(time)))
    screen.begin("dataset")
    for _ in range(100):
        screen.now("the cleaner")
    assert stream.getvalue().count("the cleaner") == 1
