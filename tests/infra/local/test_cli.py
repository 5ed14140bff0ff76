"""The command line where no stack runs; with one, see test_lifecycle.py."""

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
