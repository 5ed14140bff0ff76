"""Tests of `millrace doctor` as a shell sees it."""

import json

import pytest

from tests.services.console.harness import Shell

pytestmark = pytest.mark.integration

SERVERS = {"kafka", "kafka version", "clock of kafka", "topics", "s3", "s3 writes", "s3 version", "clock of s3"}


def test_servers_that_are_well_are_said_to_be(shell: Shell) -> None:
    """Every promise that we stand on was tried."""
    shell.run("topics", "apply", "--partitions", "4")
    done = shell.run("doctor", "--json", TOPICS_PARTITIONS="4")
    verdicts = {finding["subject"]: finding["verdict"] for finding in json.loads(done.stdout)}
    wanted = SERVERS | {"cache", "cache version", "python"}
    assert {subject: verdicts.get(subject) for subject in wanted} == dict.fromkeys(wanted, "ok")
    assert done.returncode == (1 if "fail" in verdicts.values() else 0)


def test_servers_that_are_away_are_failures_with_a_remedy(lonely_shell: Shell) -> None:
    """Every check is made, none hides behind another, and each says what to do."""
    done = lonely_shell.run("doctor")
    assert done.returncode == 1
    rows = {line.split("  ")[0]: line for line in done.stdout.splitlines()}
    assert all("fail" in rows[server] for server in ("kafka", "s3", "cache"))
    assert "127.0.0.1:1" in rows["kafka"]
    assert "CACHE_URL" in done.stdout
    assert "3 checks failed." in done.stderr
    assert "Traceback" not in done.stderr


def test_topics_that_are_not_as_declared_are_a_failure(shell: Shell) -> None:
    """The remedy is that of `millrace topics apply`."""
    shell.run("topics", "apply", "--partitions", "4")
    done = shell.run("doctor", "--json", TOPICS_PARTITIONS="8")
    topics = next(finding for finding in json.loads(done.stdout) if finding["subject"] == "topics")
    assert topics["verdict"] == "fail"
    assert "TOPICS_PARTITIONS=4" in topics["remedy"]
