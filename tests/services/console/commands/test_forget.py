"""Tests of `millrace forget` as a shell sees it. A whole erasure is tested with the curator."""

import secrets
from collections.abc import Iterator
from contextlib import closing

import msgspec
import pytest

from infra.local.servers import Endpoints
from services.console.commands.forget import Waiting
from shared.contracts.erasures import ErasureRequested
from shared.contracts.identity import document_id
from shared.contracts.message import decode
from shared.contracts.receipts import PackRecord, Receipt, Removed, journal_key, receipt_key
from shared.io.deny_list import DenyList
from shared.io.memory import MemoryObjectStore
from shared.io.s3 import S3ObjectStore
from shared.settings import KafkaSettings
from shared.stream.topic_reader import TopicReader
from tests.fresh_bucket import fresh_bucket
from tests.services.console.builders import NOW
from tests.services.console.harness import Shell

URL = "http://127.0.0.1/en/page.html"


@pytest.fixture
def store(servers: Endpoints, shell: Shell) -> Iterator[S3ObjectStore]:
    """Give a fresh bucket, which the shell then works with, and topics."""
    with fresh_bucket(servers.s3, "forget") as settings:
        shell.environment["S3_BUCKET"] = settings.bucket
        assert shell.run("topics", "apply").returncode == 0
        with closing(S3ObjectStore.from_settings(settings)) as made:
            yield made


def requests(servers: Endpoints, document: str) -> list[ErasureRequested]:
    """Read the requests about a document."""
    reader = TopicReader(KafkaSettings(bootstrap_servers=servers.kafka_bootstrap))
    read = [decode(ErasureRequested, record.value or b"") for record in reader.read("erasures-requested")]
    return [one for one in read if one.document_id == document]


def receipt(erasure_id: str) -> Receipt:
    """Give a receipt."""
    return Receipt(
        erasure_id=erasure_id,
        document_id="d" * 32,
        deny_hash="h",
        reason="legal",
        requested_by="anna@desk",
        requested_at=NOW,
        finished_at=NOW,
        removed=Removed(packs=(PackRecord("raw/a", 0, 9),)),
    )


@pytest.mark.integration
def test_nothing_happens_without_consent(store: S3ObjectStore, shell: Shell, servers: Endpoints) -> None:
    """A page is not forgotten by a slip of the hand."""
    page = f"{URL}?{secrets.token_hex(4)}"
    done = shell.run("forget", "--url", page)
    assert done.returncode == 1
    assert f"Nothing is known of document {document_id(page)}" in done.stdout
    assert "Say --yes" in done.stderr
    assert not DenyList(store).denied([document_id(page)])
    assert requests(servers, document_id(page)) == []


@pytest.mark.integration
def test_an_unknown_page_is_denied_and_asked_for_all_the_same(
    store: S3ObjectStore, shell: Shell, servers: Endpoints
) -> None:
    """By whom, why, and under which hash; in every spelling of its address."""
    page = f"{URL}?{secrets.token_hex(4)}"
    done = shell.run("forget", "--url", f"HTTP://127.0.0.1:80{page[16:]}", "--reason", "legal", "--yes", "--wait", "0")
    assert done.returncode == 0, done.stderr
    (asked,) = requests(servers, document_id(page))
    assert f"Erasure {asked.erasure_id} is asked for." in done.stdout
    assert asked.reason == "legal"
    assert "@" in asked.requested_by
    assert asked.deny_hash == DenyList(store).hash_of(document_id(page))
    assert DenyList(store).denied([document_id(page)])


@pytest.mark.integration
def test_a_wait_without_a_receipt_says_how_to_look_again(store: S3ObjectStore, shell: Shell) -> None:
    """And the receipt that is there later is shown."""
    done = shell.run("forget", "--document", secrets.token_hex(16), "--yes", "--wait", "1")
    assert done.returncode == 1
    command = done.stderr.split("Look again: millrace ")[1].split()
    again = shell.run(*command)
    assert again.returncode == 1
    store.create(receipt_key(command[-1]), msgspec.json.encode(receipt(command[-1])))
    shown = shell.run(*command)
    assert shown.returncode == 0
    assert "raw/a  bytes 0 to 8" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "either --url or --document"),
        (("--url", URL, "--document", "d" * 32), "either --url or --document"),
        (("--url", "page.html"), "names no document"),
        (("--document", "d" * 31), "not 32 hex digits"),
        (("--document", "d" * 32, "--reason", "boredom"), "boredom"),
    ],
)
def test_a_page_that_is_not_named_is_refused(arguments: tuple[str, ...], complaint: str, lonely_shell: Shell) -> None:
    """Before any server is asked."""
    done = lonely_shell.run("forget", *arguments)
    assert done.returncode == 2
    assert complaint in " ".join(done.stderr.split())


def test_waiting_tells_how_far_the_curator_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Every five seconds, until the receipt is there."""
    store, now = MemoryObjectStore(), [0.0]
    store.put(journal_key("e1"), msgspec.json.encode(Removed(texts=("texts/1",))))

    def sleep(_: float) -> None:
        now[0] += 2.0
        if now[0] == 14:
            store.create(receipt_key("e1"), msgspec.json.encode(receipt("e1")))

    assert Waiting(store, "e1", lambda: now[0], sleep).until_done(60) == receipt("e1")
    assert capsys.readouterr().out.splitlines() == [
        "6 s, found so far: 1 long text",
        "12 s, found so far: 1 long text",
    ]
    assert Waiting(store, "e2", lambda: now[0], sleep).until_done(9) is None
