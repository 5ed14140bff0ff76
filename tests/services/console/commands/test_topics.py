"""Tests of `millrace topics` as a shell sees it, on the real broker."""

import json

import pytest

from shared.contracts.topics import TOPICS
from tests.services.console.harness import Shell

pytestmark = pytest.mark.integration

DECLARED = {name for topic in TOPICS for name in (topic.name, topic.dead_letters)}


def test_the_declared_topics_are_made_by_several_at_once_and_again(shell: Shell) -> None:
    """Whoever is second, and whoever comes back, finds them made."""
    at_once = [running.wait() for running in [shell.start("topics", "apply", "--partitions", "4") for _ in range(3)]]
    again = shell.run("topics", "apply", TOPICS_PARTITIONS="4")
    listed = json.loads(shell.run("topics", "list", "--json").stdout)
    sizes = {shape["name"]: shape["partitions"] for shape in listed}
    assert [done.returncode for done in at_once] == [0, 0, 0]
    assert (again.returncode, again.stdout) == (0, f"{len(DECLARED)} topics are as declared.\n")
    assert sizes.keys() >= DECLARED
    assert (sizes["documents-raw"], sizes["documents-raw-dlq"], sizes["datasets-ready"]) == (4, 1, 1)


def test_another_partition_count_is_refused_with_the_reason(shell: Shell) -> None:
    """The command fails, says why and what to do, and nothing is changed."""
    shell.run("topics", "apply", "--partitions", "4")
    refused = shell.run("topics", "apply", "--partitions", "8")
    assert refused.returncode == 1
    assert "4 partitions and not 8" in refused.stderr
    assert "--partitions 4" in refused.stderr
    assert shell.run("topics", "apply", "--partitions", "4").returncode == 0


def test_a_dry_run_does_nothing(shell: Shell) -> None:
    """What would be done is said, however often it is asked."""
    shell.run("topics", "apply", "--partitions", "4")
    first = shell.run("topics", "apply", "--partitions", "8", "--dry-run")
    second = shell.run("topics", "apply", "--partitions", "8", "--dry-run")
    assert first.returncode == second.returncode == 1
    assert first.stderr == second.stderr


def test_the_list_says_what_is_declared(shell: Shell) -> None:
    """A topic that nobody declares is somebody's experiment."""
    shell.run("topics", "apply", "--partitions", "4")
    lines = shell.run("topics", "list").stdout.splitlines()
    rows = {line.split()[0]: line.split()[-1] for line in lines[1:]}
    assert {name for name, owned in rows.items() if owned == "yes"} == DECLARED
