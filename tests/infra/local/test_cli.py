"""The command line where no stack runs; with one, see test_lifecycle.py."""

from pathlib import Path

import pytest

from infra.local.cli import main, parser
from infra.local.home import Home


@pytest.fixture(autouse=True)
def _own_home(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLRACE_HOME", str(home.root))


@pytest.mark.parametrize("words", [["status"], ["start", "kafka"], ["stop", "kafka"], ["restart", "kafka"]])
def test_what_needs_a_running_stack_says_how_to_start_it(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """And is no success."""
    assert main(words) == 1
    assert "Remedy: make up" in capsys.readouterr().err


def test_logs_that_are_not_there_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Before the first `up` there is none."""
    assert main(["logs", "kafka"]) == 1
    assert "no log of kafka; there are none yet" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["explode"], ["start"]])
def test_an_unknown_command_shows_the_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With exit code 2, as everywhere."""
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(words)
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_nuke_tells_why_it_removes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The variable names somebody's project."""
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path / "mine"))
    thesis = tmp_path / "mine" / "data" / "thesis"
    thesis.parent.mkdir(parents=True)
    thesis.touch()
    assert main(["nuke", "--yes"]) == 1
    said = capsys.readouterr()
    assert (said.out, thesis.exists()) == ("", True)
    assert "MILLRACE_HOME" in said.err
