"""Tests of what is written to a terminal and to a pipe."""

import io
import sys

import pytest
from rich.text import Text

from services.console import terminal

LONG = "x" * 300


class Screen(io.StringIO):
    """A terminal of 40 columns, as far as a program can tell."""

    def isatty(self) -> bool:
        """Say that a person watches."""
        return True


def test_a_pipe_gets_a_line_a_row_uncut_and_uncoloured(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever grep and awk are to see is on one line, without blanks at its end."""
    terminal.table(("check", "verdict", "seen"), [("标题", Text("ok", style="green"), LONG), ("b", "fail", "")])
    assert capsys.readouterr().out == f"check  verdict  seen\n标题   ok       {LONG}\nb      fail\n"


def test_a_terminal_gets_every_character_within_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long cell goes on in the next line and is not cut."""
    screen = Screen()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal.table(("check", "seen"), [("a", LONG)])
    written = screen.getvalue()
    assert written.count("x") == len(LONG)
    assert max(len(line.split("\x1b[0m")[-1]) for line in written.splitlines()) <= 40
    assert "\x1b[1m" in written


@pytest.mark.parametrize("text", ["[bold]as it is[/bold]", ":smile:", LONG, "标题"])
def test_text_is_no_markup(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """A record's content can't choose how it looks."""
    terminal.say(text)
    terminal.complain(text)
    assert capsys.readouterr() == (f"{text}\n", f"error: {text}\n")


def test_json_is_all_that_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    """Chinese stays readable."""
    terminal.write_json([{"title": "标题", "value": b"\xff"}])
    assert capsys.readouterr().out == '[\n  {\n    "title": "标题",\n    "value": "/w=="\n  }\n]\n'


def test_consent_that_was_given_is_not_asked_for() -> None:
    """`--yes` is for scripts."""
    terminal.confirm("Do it?", agreed=True)


def test_without_a_terminal_nobody_is_asked_and_nothing_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script that forgot `--yes` fails, and neither hangs nor acts."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    with pytest.raises(terminal.NotDone, match="--yes"):
        terminal.confirm("Do it?", agreed=False)


@pytest.mark.parametrize(("answer", "agrees"), [("y", True), ("n", False), ("", False)])
def test_a_person_is_asked(monkeypatch: pytest.MonkeyPatch, answer: str, agrees: bool) -> None:
    """No answer is no."""
    monkeypatch.setattr(sys, "stdin", Screen(f"{answer}\n"))
    if agrees:
        terminal.confirm("Do it?", agreed=False)
        return
    with pytest.raises(terminal.NotDone):
        terminal.confirm("Do it?", agreed=False)
