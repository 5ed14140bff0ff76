"""Tests of `millrace dlq` as a shell sees it, on real servers."""

import json
import socket
import subprocess
import sys
from base64 import b64decode
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from infra.local.servers import Endpoints
from services.console.audit_log import AuditLog
from services.console.core.audit import Begun, Operator
from services.console.core.resolving import ranges_of
from services.console.kafka_admin import connected
from shared.io.s3 import S3ObjectStore
from tests.fault_proxy import Fault, FaultProxy
from tests.services.console.harness import Mail, Shell

pytestmark = pytest.mark.integration

POISON = "标题\x1b]0;owned\x07"


@pytest.fixture
def posted(mail: Mail) -> Mail:
    """Post three dead letters and a foreign record."""
    mail.post(
        (mail.said("KeyError", detail=f"no {POISON}"), b"k0", b'{"title":"\xe6\xa0\x87"}', (("ce_id", b"0"),)),
        (mail.said("ValueError", 1, attempt=2), None, b"\xff\x00\x1b", (("x", b"\xff"),)),
        (mail.said("ValueError", 2, service="augmenter"), b"k2", None, ()),
    )
    mail.put((b"k3", b"foreign", ()))
    return mail


def abandon(mail: Mail, store: S3ObjectStore, process: int) -> None:
    """Begin a replay of the first letter on this machine, in the name of `process`, and leave it at that."""
    with connected(mail.kafka) as admin:
        topic_id = str(admin.topic_id(mail.dead))
    entry = Begun(
        topic_id=topic_id,
        action="replay",
        by=Operator("anna", socket.gethostname(), process),
        at=datetime.now(UTC),
        ranges=ranges_of(mail.dead, mail.dead_letters()[:1]),
    )
    AuditLog(store, mail.dead).append(entry)


def ended_process() -> int:
    """Give the number of a process that runs no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_list_counts_what_is_open_and_show_writes_it_out(posted: Mail, shell: Shell) -> None:
    """By service and error; whatever a record holds, no control character reaches the terminal."""
    listed = shell.run("dlq", "list", posted.topic)
    shown = shell.run("dlq", "show", posted.dead)
    assert (listed.returncode, shown.returncode) == (0, 0)
    rows = [line.split()[1:4] for line in listed.stdout.splitlines()[1:]]
    assert rows == [
        ["NotADeadLetter", "1", "0"],
        ["augmenter", "ValueError", "1"],
        ["cleaner", "KeyError", "1"],
        ["cleaner", "ValueError", "1"],
    ]
    assert r"KeyError: no 标题\x1b]0;owned\x07" in shown.stdout
    assert '      "title": "标"' in shown.stdout
    assert "00000000  ff 00 1b" in shown.stdout
    assert [one for one in shown.stdout if not one.isprintable() and one != "\n"] == []


def test_show_is_filtered_and_paged(posted: Mail, shell: Shell) -> None:
    """A script reads every byte from JSON."""
    filtered = json.loads(shell.run("dlq", "show", posted.topic, "--error", "ValueError", "--json").stdout)
    paged = json.loads(shell.run("dlq", "show", posted.topic, "--offset", "1", "--limit", "2", "--json").stdout)
    one = json.loads(shell.run("dlq", "show", posted.topic, "--at", "2", "--json").stdout)
    assert [card["offset"] for card in filtered] == [1, 2]
    assert [card["offset"] for card in paged] == [1, 2]
    assert [card["value"] for card in one] == [None]
    assert b64decode(filtered[0]["value"]) == b"\xff\x00\x1b"
    assert filtered[0]["attempt"] == 2


@pytest.mark.parametrize("command", [["replay"], ["replay", "--dry-run"], ["drop"]])
def test_nothing_is_done_without_consent(posted: Mail, shell: Shell, command: list[str]) -> None:
    """What would be done is shown; a script that didn't agree is told that nothing happened."""
    done = shell.run("dlq", command[0], posted.topic, *command[1:])
    dry = "--dry-run" in command
    assert done.returncode == (0 if dry else 1)
    assert "letters." in done.stdout
    assert ("nothing was done" in done.stderr) is not dry
    assert posted.arrived() == []
    assert "Nothing was replayed or dropped" in shell.run("dlq", "audit", posted.topic).stdout


def test_a_replay_is_done_once_and_what_can_t_be_is_said(posted: Mail, shell: Shell) -> None:
    """Letters that can't go back are left, with the reason, and the command says that not all was done."""
    first = shell.run("dlq", "replay", posted.topic, "--yes")
    second = shell.run("dlq", "replay", posted.topic, "--yes")
    assert (first.returncode, second.returncode) == (1, 1)
    assert "3 letters replayed." in first.stdout
    assert "not a dead letter" in first.stdout
    assert "1 letter can't be replayed" in first.stderr
    assert "Nothing to replay." in second.stdout
    assert len(posted.arrived()) == 3


def test_what_is_done_with_is_listed_only_on_request_and_audited(posted: Mail, shell: Shell) -> None:
    """Who did what to which letters, when and why."""
    assert shell.run("dlq", "replay", posted.topic, "--service", "cleaner", "--yes").returncode == 0
    assert shell.run("dlq", "drop", posted.topic, "--reason", "junk", "--yes").returncode == 0
    assert shell.run("dlq", "list", posted.topic).stdout == "No open dead letters.\n"
    assert shell.run("dlq", "show", posted.topic).stdout == "No open dead letters that fit.\n"
    groups = json.loads(shell.run("dlq", "list", posted.topic, "--all", "--json").stdout)
    shown = shell.run("dlq", "show", posted.topic, "--all", "--limit", "1").stdout
    entries = json.loads(shell.run("dlq", "audit", posted.topic, "--json").stdout)
    table = shell.run("dlq", "audit", posted.topic).stdout
    assert sorted((group["error"], group["remark"]) for group in groups) == [
        ("KeyError", "replayed"),
        ("NotADeadLetter", "dropped"),
        ("ValueError", "dropped"),
        ("ValueError", "replayed"),
    ]
    assert "replayed by" in shown
    assert [entry["entry"] for entry in entries] == ["begun", "done", "begun", "done"]
    assert entries[2]["reason"] == "junk"
    assert "began to drop" in table


def test_a_crashed_replay_is_told_and_finished(posted: Mail, shell: Shell, s3_store: S3ObjectStore) -> None:
    """The next person sees what was left and by whom, before he agrees."""
    abandon(posted, s3_store, ended_process())
    dry = shell.run("dlq", "replay", posted.topic, "--error", "ValueError", "--dry-run")
    done = shell.run("dlq", "replay", posted.topic, "--error", "ValueError", "--yes")
    assert "Not finished: 1 letter being replayed by anna@" in dry.stdout
    assert done.returncode == 0
    assert "1 letter replayed." in done.stdout
    assert "2 letters replayed." in done.stdout
    assert len(posted.arrived()) == 3


def test_a_replay_of_somebody_who_is_at_it_is_left_to_him(posted: Mail, shell: Shell, s3_store: S3ObjectStore) -> None:
    """It may still be done, so nobody says that it was."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as at_it:
        abandon(posted, s3_store, at_it.pid)
        done = shell.run("dlq", "replay", posted.topic, "--error", "KeyError", "--yes")
    assert done.returncode == 1
    assert "Left alone: 1 letter being replayed by anna@" in done.stdout
    assert "somebody else is at it" in done.stderr
    assert posted.arrived() == []


def test_a_store_that_is_away_stops_everything_before_anything_is_sent(
    posted: Mail, shell: Shell, servers: Endpoints
) -> None:
    """Without the audit log nobody knows what is resolved."""
    with FaultProxy(urlsplit(servers.s3.endpoint).netloc) as proxy:
        proxy.order(*[Fault.RESET] * 1_000)
        done = shell.run("dlq", "replay", posted.topic, "--yes", S3_ENDPOINT=f"http://{proxy.address}")
    assert done.returncode == 1
    assert proxy.address in done.stderr
    assert "Traceback" not in done.stderr
    assert posted.arrived() == []


def test_an_unknown_topic_is_answered_with_those_there_are(mail: Mail, shell: Shell) -> None:
    """A mistyped name is easy to mend."""
    done = shell.run("dlq", "show", "nonsense")
    assert done.returncode == 1
    assert mail.dead in done.stderr
