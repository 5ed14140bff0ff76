"""Tests of the command as a shell sees it: help, exit codes, and messages in the place of tracebacks."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.console.cli import app
from shared.version import VERSION
from tests.services.console.harness import Shell
from tests.spiders.harness import flywheel_text

COMMANDS = [
    ("doctor",),
    ("plan",),
    ("ask",),
    ("rejected",),
    ("topics", "apply"),
    ("topics", "list"),
    ("dlq", "list"),
    ("dlq", "show"),
    ("dlq", "replay"),
    ("dlq", "drop"),
    ("dlq", "audit"),
    ("resume",),
    ("feedback", "list"),
    ("feedback", "accept"),
    ("models", "list"),
    ("models", "show"),
    ("models", "why"),
    ("models", "history"),
    ("models", "promote"),
    ("models", "rollback"),
    ("models", "verify"),
    ("keys", "signing", "init"),
    ("keys", "signing", "rotate"),
    ("keys", "signing", "show"),
]
AWAY = [
    ("topics", "apply"),
    ("topics", "list"),
    ("dlq", "list"),
    ("dlq", "replay", "documents-raw", "--yes"),
    ("resume", "cleaner", "--yes"),
    ("rejected",),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_examples(command: tuple[str, ...]) -> None:
    """Help fits 80 columns and names every option."""
    result = CliRunner().invoke(app, [*command, "--help"])
    assert result.exit_code == 0
    assert f"    millrace {' '.join(command)}" in result.output
    assert max(map(len, result.output.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["topic"], "No such command 'topic'"),
        (["topics", "apply", "--partitions", "0"], "--partitions"),
        (["dlq", "show"], "Missing argument"),
        (["dlq", "replay", "documents-raw", "--since", "yesterday"], "'yesterday' is neither like 90s"),
        (["dlq", "list", "--colour"], "No such option"),
    ],
)
def test_wrong_usage_ends_with_2(arguments: list[str], said: str) -> None:
    """The message says what is wrong, before anything is connected to."""
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_the_version_is_told(lonely_shell: Shell) -> None:
    """Support asks for it first."""
    done = lonely_shell.run("--version")
    assert (done.returncode, done.stdout) == (0, f"millrace {VERSION}\n")


def test_a_wrong_setting_is_a_message_with_its_place(lonely_shell: Shell) -> None:
    """Which variable, which value, what to do."""
    done = lonely_shell.run("topics", "list", KAFKA_BOOTSTRAP_SERVERS="nowhere")
    assert done.returncode == 2
    assert "KAFKA_BOOTSTRAP_SERVERS=nowhere in the environment" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("encoding", ["gbk", "ascii"])
def test_a_terminal_that_lacks_a_letter_gets_its_number(lonely_shell: Shell, tmp_path: Path, encoding: str) -> None:
    """In a table and in a message; a script gets its JSON whole, in UTF-8."""
    path = tmp_path / "millrace.toml"
    path.write_text(flywheel_text("docs", 'start_urls = ["http://127.0.0.1/"]').replace("CC0-1.0", "free 😀"), "utf-8")
    told = lonely_shell.run("plan", "--config", str(path), PYTHONIOENCODING=encoding)
    assert (told.returncode, told.stderr) == (0, "")
    assert "free \\U0001f600" in told.stdout
    written = lonely_shell.run("plan", "--config", str(path), "--json", PYTHONIOENCODING=encoding)
    assert json.loads(written.stdout)["flywheel"]["sources"][0]["licence"] == "free 😀"
    refused = lonely_shell.run("plan", "--config", "😀.toml", PYTHONIOENCODING=encoding)
    assert refused.returncode == 2
    assert "\\U0001f600.toml: there is no such file" in refused.stderr


@pytest.mark.integration
def test_a_server_that_is_away_is_a_message_with_its_address(lonely_shell: Shell) -> None:
    """Nothing was done, and nothing is said but that."""
    for command, running in [(command, lonely_shell.start(*command)) for command in AWAY]:
        done = running.wait()
        assert (command, done.returncode, done.stdout) == (command, 1, "")
        assert done.stderr.startswith("error: ")
        assert "127.0.0.1:1" in done.stderr
        assert "Traceback" not in done.stderr
