"""Commands run as processes of their own; what they complain of is told."""

import os
from pathlib import Path

import pytest

from infra.demo.commands import decoded, run, started, use
from infra.demo.stages import DemoFailed
from tests.infra.local.waiting import until


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Write a module that says what it is told, complains of the rest, and waits where it is told to."""
    (tmp_path / "played.py").write_text(
        "import sys, time\n"
        "word, *rest = sys.argv[1:]\n"
        "print(word)\n"
        "for line in rest:\n"
        "    print(line, file=sys.stderr, flush=True)\n"
        "if word == 'wait':\n"
        "    time.sleep(60)\n"
        "sys.exit(word == 'fail')\n",
        "utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "played"


def test_what_a_command_writes_is_given(module: str) -> None:
    """Standard output alone."""
    assert run(module, "hello", "a complaint") == "hello\n"


def test_a_command_that_fails_is_told_with_its_complaint(module: str) -> None:
    """The end of it."""
    with pytest.raises(DemoFailed, match=r"played fail .* ended with 1: first second"):
        run(module, "fail", "first", "second")


def test_a_command_tells_how_it_goes_and_ends_with_its_block(module: str) -> None:
    """The last line on standard error; whatever it does."""
    with started(module, "wait", "crawling", "cleaning") as command:
        until(lambda: command.last_line == "cleaning")
        assert command.runs
    assert not command.runs


def test_other_output_than_expected_is_told() -> None:
    """By the command's name."""
    assert decoded("[1, 2]", list[int], "the baseline") == [1, 2]
    with pytest.raises(DemoFailed, match="the baseline wrote something else"):
        decoded("hello", list[int], "the baseline")


def test_what_is_started_works_with_the_demo_s_stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And not with the user's own."""
    monkeypatch.setenv("MILLRACE_HOME", "elsewhere")
    monkeypatch.setenv("MILLRACE_CONFIG", "elsewhere.toml")
    use(tmp_path, tmp_path / "millrace.toml")
    assert os.environ["MILLRACE_HOME"] == str(tmp_path)
    assert os.environ["MILLRACE_CONFIG"] == str(tmp_path / "millrace.toml")
