"""Tests of `millrace rejected` as a shell sees it, on the real broker."""

import asyncio
import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from aiokafka import AIOKafkaProducer

from infra.local.servers import Endpoints
from shared.contracts.envelope import Headers
from shared.contracts.topics import DOCUMENTS_REJECTED
from tests.services.console.core.test_rejections import NOW, rejected
from tests.services.console.harness import Shell

pytestmark = pytest.mark.integration

POISON = "\x1b]0;owned\x07"


class Site(NamedTuple):
    """A source that nobody else has, with documents of it in the topic."""

    source: str
    reason: str


async def put(servers: Endpoints, records: Sequence[tuple[bytes | None, Headers]]) -> None:
    """Put records on the topic, in order, each on the next partition."""
    async with AIOKafkaProducer(bootstrap_servers=servers.kafka_bootstrap) as producer:
        for number, (value, headers) in enumerate(records):
            await producer.send_and_wait(
                DOCUMENTS_REJECTED.name, value, b"key", partition=number % 4, headers=list(headers)
            )


@pytest.fixture
def site(servers: Endpoints, shell: Shell) -> Site:
    """Reject three documents, one of them delivered twice, and put what is no rejection between them."""
    assert shell.run("topics", "apply", "--partitions", "4").returncode == 0
    mark = secrets.token_hex(4)
    site = Site(f"site-{mark}", f"odd-{mark}")
    records = [
        rejected(1, site.reason, site.source, minutes=2, url=f"https://x.org/{POISON}"),
        rejected(2, site.reason, site.source, minutes=1),
        rejected(2, site.reason, site.source, minutes=1),
        rejected(3, "too-short", site.source, minutes=3),
    ]
    broken: tuple[bytes | None, Headers] = (b"\xff" + POISON.encode(), (("ce_id", POISON.encode()),))
    asyncio.run(put(servers, [broken, *((one.value, one.headers) for one in records)]))
    return site


def test_rejections_are_listed_newest_last(site: Site, shell: Shell) -> None:
    """By time whatever their partition, each event once; what can't be read is told, and nothing harms the terminal."""
    listed = shell.run("rejected", "--source", site.source)
    assert listed.returncode == 0
    head, *rows, last = listed.stdout.splitlines()
    assert head.split() == ["at", "source", "step", "reason", "detail", "url"]
    assert [row.split()[4] for row in rows] == [site.reason, site.reason, "too-short"]
    assert r"https://x.org/\x1b]0;owned\x07" in rows[1]
    assert last == "3 documents rejected."
    assert "can't be read, and so in no count; the first is documents-rejected/" in listed.stderr
    assert [one for one in listed.stdout + listed.stderr if not one.isprintable() and one != "\n"] == []


def test_filters_and_the_limit_choose(site: Site, shell: Shell) -> None:
    """By reason; the newest of more than the limit, with a word on the rest."""
    found = json.loads(shell.run("rejected", "--reason", site.reason, "--json").stdout)
    assert [one["time"] for one in found] == ["2026-11-24T12:01:00Z", "2026-11-24T12:02:00Z"]
    assert found[1]["url"] == f"https://x.org/{POISON}"
    cut = shell.run("rejected", "--source", site.source, "--limit", "1").stdout.splitlines()
    assert cut[-1] == "The newest 1 of 3; --limit shows more, --counts counts all."
    since = (NOW + timedelta(minutes=2)).isoformat()
    assert len(json.loads(shell.run("rejected", "--source", site.source, "--since", since, "--json").stdout)) == 2


def test_counts_are_by_reason_and_source(site: Site, shell: Shell) -> None:
    """What was delivered twice counts once."""
    counts = shell.run("rejected", "--source", site.source, "--counts")
    rows = [line.split() for line in counts.stdout.splitlines()]
    assert rows[1:3] == [
        [site.reason, "require-length", site.source, "2"],
        ["too-short", "require-length", site.source, "1"],
    ]


def test_an_unknown_reason_says_which_were_seen(site: Site, shell: Shell) -> None:
    """And ends with 1; a time that is none with 2."""
    unknown = shell.run("rejected", "--reason", "no-such")
    assert unknown.returncode == 1
    assert "no document was rejected with the reason no-such. Seen: " in unknown.stderr
    assert site.reason in unknown.stderr
    assert shell.run("rejected", "--since", "yesterday").returncode == 2


def test_nothing_that_fits_is_said(site: Site, shell: Shell) -> None:
    """A silent list could be a broken one."""
    later = datetime.now(UTC) + timedelta(days=10_000)
    late = ("rejected", "--source", site.source, "--since", later.isoformat())
    told = shell.run(*late)
    assert (told.returncode, told.stdout) == (0, "No rejected documents that fit.\n")
    assert json.loads(shell.run(*late, "--json").stdout) == []
