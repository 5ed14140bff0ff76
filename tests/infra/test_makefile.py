"""The Makefile: its help lists what there is, and what needs the environment sets it up first."""

import re
import subprocess
from pathlib import Path

import pytest

from infra.local.home import REPOSITORY

MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
RULES = dict(re.findall(r"^([a-z0-9-]+):(?!=)(.*)$", MAKEFILE, flags=re.MULTILINE))
TARGETS = sorted(set(RULES) - {"refetch"})
NEED_NOTHING = {"help", "setup", "clean"}


def test_help_lists_every_target_from_its_own_text() -> None:
    """A target without a text would be a secret."""
    shown = subprocess.run(["make", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout  # noqa: S607 - whichever make the person has
    listed = re.findall(r"^  ([a-z0-9-]+) +\S", shown, flags=re.MULTILINE)
    assert sorted(listed) == TARGETS


@pytest.mark.parametrize("target", sorted(set(TARGETS) - NEED_NOTHING))
def test_what_needs_the_environment_sets_it_up(target: str) -> None:
    """From a clean clone, every target works as the first one."""
    needed = RULES[target].partition("##")[0].split()
    assert "setup" in needed or (all(name in TARGETS for name in needed) and needed)


def test_ci_runs_the_two_commands_that_everybody_runs() -> None:
    """Nothing that a person could not run as well."""
    lines = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("make ")] == ["make check", "make test"]


PLAN = """#!/bin/sh
echo "  begins at   http://127.0.0.1:{port}/sitemap-en-US.xml"
exec seq 100000
"""


@pytest.mark.parametrize(("port", "runs"), [(8808, ["-m infra.site up", "ingest"]), (8809, ["ingest"])])
def test_an_ingestion_serves_the_example_s_site_where_the_plan_names_it(
    port: int, runs: list[str], tmp_path: Path
) -> None:
    """However much of the plan comes after the name: who reads half of a pipe breaks it."""
    ran = tmp_path / "ran"
    note = f'#!/bin/sh\necho "$*" >> {ran}\n'
    (tmp_path / "python").write_text(note)
    (tmp_path / "plan").write_text(PLAN.format(port=port))
    (tmp_path / "millrace").write_text(f'{note}if [ "$1" = plan ]; then exec {tmp_path / "plan"}; fi\n')
    for command in ("python", "plan", "millrace"):
        (tmp_path / command).chmod(0o755)
    subprocess.run(["make", "ingest", f"BIN={tmp_path}", "STACK=true"], cwd=REPOSITORY, check=True)  # noqa: S607 - whichever make the person has
    assert ran.read_text().splitlines() == ["plan", *runs]
