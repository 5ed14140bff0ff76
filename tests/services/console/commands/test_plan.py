"""Tests of `millrace plan` as a shell sees it."""

import json
from pathlib import Path

import pytest

from shared.flywheel.steps import CLEANING_STEPS
from tests.services.console.harness import ROOT, Shell

EXAMPLE = "examples/support-router/millrace.toml"


@pytest.fixture
def quiet_shell(tmp_path: Path) -> Shell:
    """Give a shell without a single setting: a plan needs no server."""
    return Shell({}, tmp_path)


def test_the_example_is_told_whole(quiet_shell: Shell) -> None:
    """Sources, steps in order with thresholds, dataset, tasks, topics."""
    told = quiet_shell.run("plan", "--config", EXAMPLE)
    assert (told.returncode, told.stderr) == (0, "")
    lines = told.stdout.splitlines()
    assert lines[0] == "source libreoffice-help-en"
    assert "  expected            2,500 to 2,600 pages" in lines
    start = lines.index("cleaning steps") + 2
    assert [line.split()[1] for line in lines[start : start + 10]] == [step.name for step in CLEANING_STEPS]
    assert any(line.startswith("documents-raw  ") for line in lines)


def test_the_readme_s_flywheel_is_one(quiet_shell: Shell, tmp_path: Path) -> None:
    """The least that does something, as a stranger copies it."""
    block = (ROOT / "README.md").read_text("utf-8").partition("```toml\n")[2].partition("```")[0]
    path = tmp_path / "millrace.toml"
    path.write_text(block, "utf-8")
    told = quiet_shell.run("plan", "--config", str(path))
    assert (told.returncode, told.stderr) == (0, "")
    assert "100 new training rows, or any after 3,600 s" in told.stdout


def test_the_variable_names_the_file_and_a_script_reads_json(quiet_shell: Shell) -> None:
    """The option stands above the variable."""
    plan = json.loads(quiet_shell.run("plan", "--json", MILLRACE_CONFIG=EXAMPLE).stdout)
    assert plan["file"] == EXAMPLE
    assert plan["flywheel"]["dataset"]["name"] == "support-router"
    wrong = quiet_shell.run("plan", "--config", "nothing.toml", MILLRACE_CONFIG=EXAMPLE)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "nothing.toml: there is no such file" in wrong.stderr


def test_a_wrong_file_is_refused_with_every_fault(quiet_shell: Shell, tmp_path: Path) -> None:
    """On standard error, one a line, and nothing else; exit code 2 as for any setting."""
    file = tmp_path / "millrace.toml"
    file.write_text('[[sources]]\nname = "a"\npage_limit = "\u202e"\n[dataset]\n', "utf-8")
    refused = quiet_shell.run("plan", "--config", str(file))
    assert (refused.returncode, refused.stdout) == (2, "")
    told = refused.stderr.removeprefix("error: ").splitlines()
    assert [line.removeprefix(f"{file}:").split(":")[0] for line in told] == ["1", "1", "3", "4"]
    assert "\u202e" not in refused.stderr


def test_an_unknown_augmentation_fails_the_plan(quiet_shell: Shell, tmp_path: Path) -> None:
    """All else is told all the same."""
    file = tmp_path / "millrace.toml"
    text = Path(EXAMPLE).read_text("utf-8").replace('"swap", "delete"', '"swap", "shuffle"')
    file.write_text(text, "utf-8")
    told = quiet_shell.run("plan", "--config", str(file))
    assert told.returncode == 1
    assert "[augmentation] operations asks for what there is not: shuffle." in told.stderr
    assert "dataset support-router" in told.stdout
