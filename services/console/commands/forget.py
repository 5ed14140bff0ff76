"""`millrace forget`: have one page forgotten by everyone who holds data, and see the receipt."""

import re
import secrets
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
import typer

from services.console import terminal
from services.console.core.forgetting import Reason, envelope_of, progress, receipt_lines
from services.console.core.payload import safe_line
from services.console.core.tracing import written_out
from services.console.desk import PATIENCE, operator
from services.console.tracer import Tracer
from services.console.usage import Command, examples, spread
from shared.contracts.erasures import ErasureRequested
from shared.contracts.identity import DOCUMENT_ID_BYTES, NotAUrl, document_id
from shared.contracts.receipts import Receipt, Removed, journal_key, receipt_key
from shared.contracts.topics import ERASURES_REQUESTED
from shared.io.deny_list import DenyList
from shared.io.kafka_producer import KafkaProducer
from shared.io.object_store import ObjectNotFound, ObjectStore
from shared.io.record import record_of
from shared.io.s3 import S3ObjectStore
from shared.settings import KafkaSettings, StoreSettings, load
from shared.stream.topic_reader import TopicReader

POLL_SECONDS: Final = 0.25
TELL_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Page:
    """Options that say which page is meant."""

    url: Annotated[str | None, typer.Option(help="The page's address.")] = None
    document: Annotated[str | None, typer.Option(help="Or its document id, 32 hex digits.")] = None

    def document_id(self) -> str:
        """Give the document's id; raises `typer.BadParameter` unless exactly one of both names one."""
        if self.url is not None and self.document is None:
            return _id_of(self.url)
        if self.document is None or self.url is not None:
            raise typer.BadParameter("say either --url or --document", param_hint="--url")
        if not re.fullmatch(rf"[0-9a-f]{{{2 * DOCUMENT_ID_BYTES}}}", self.document):
            fault = f"{self.document!r} is not {2 * DOCUMENT_ID_BYTES} hex digits in lower case"
            raise typer.BadParameter(fault, param_hint="--document")
        return self.document


@spread
def forget(
    page: Page,
    reason: Annotated[Reason, typer.Option(help="Why; kept on the receipt.")] = Reason.OWNER_REQUEST,
    receipt: Annotated[str | None, typer.Option(help="Only show the receipt of this erasure.", metavar="ID")] = None,
    wait: Annotated[int, typer.Option(min=0, help="How many seconds to wait for the receipt.")] = 300,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
) -> None:
    """Forget one page everywhere: raw pages, duplicate index, rows and their copies, long texts.

    The page is denied at once and for ever, also where nothing is known of it yet. The curator does the rest, and
    writes a receipt of what it removed and what remains until when. Versions that held the page can't be read any more.
    """
    with closing(S3ObjectStore.from_settings(load(StoreSettings), PATIENCE)) as store:
        if receipt is not None:
            _show(_receipt(store, receipt), receipt)
            return
        named, kafka = page.document_id(), load(KafkaSettings)
        _tell(store, kafka, named)
        terminal.confirm("Forget it everywhere, and never take it again?", yes)
        request = _request(store, named, reason)
        _publish(kafka, request)
        terminal.say(f"Denied. Erasure {request.erasure_id} is asked for.")
        if wait:
            _show(Waiting(store, request.erasure_id).until_done(wait), request.erasure_id)


COMMAND: Final = Command(
    forget,
    examples(
        "millrace forget --url https://example.org/page.html",
        "millrace forget --document 00112233445566778899aabbccddeeff --reason opt-out --yes --wait 0",
        "millrace forget --receipt 5f0c…",
    ),
)


@dataclass(frozen=True)
class Waiting:
    """Waits for the receipt of one erasure, and says now and then how far it is."""

    store: ObjectStore
    erasure_id: str
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] = time.sleep

    def until_done(self, seconds: float) -> Receipt | None:
        """Give the receipt; None where there is none within `seconds`."""
        began = told = self.clock()
        while (receipt := _receipt(self.store, self.erasure_id)) is None:
            now = self.clock()
            if now - began >= seconds:
                return None
            if now - told >= TELL_SECONDS:
                told = now
                terminal.say(f"{now - began:.0f} s, {progress(_noted(self.store, self.erasure_id))}")
            self.sleep(POLL_SECONDS)
        return receipt


def _id_of(url: str) -> str:
    try:
        return document_id(url)
    except NotAUrl as error:
        raise typer.BadParameter(str(error), param_hint="--url") from error


def _tell(store: ObjectStore, kafka: KafkaSettings, named: str) -> None:
    """Show what is known of the document, in every dataset."""
    names = {info.key.split("/")[1] for info in store.list("datasets/") if info.key.count("/") > 1}
    # Topics and packs are the same for all; without a dataset they are what there is.
    traces = [Tracer(TopicReader(kafka), store, name).trace(named) for name in sorted(names) or ["none"]]
    known = [trace for trace in traces if trace.known]
    for trace in known:
        terminal.say(f"Dataset {safe_line(trace.dataset)}:")
        for line in written_out(trace):
            terminal.say(line)
    if not known:
        terminal.say(
            f"Nothing is known of document {named}, unless raw pages of it are older than the topics' records. "
            "It will be denied, so that it never comes, and all raw pages are searched for it."
        )


def _request(store: ObjectStore, named: str, reason: Reason) -> ErasureRequested:
    """Deny the document, which is in force from here on, and give the request."""
    deny_list = DenyList(store)
    deny_hash = deny_list.hash_of(named)
    deny_list.add(deny_hash)
    return ErasureRequested(
        erasure_id=secrets.token_hex(16),
        document_id=named,
        deny_hash=deny_hash,
        reason=reason.value,
        requested_by=str(operator()),
        at=datetime.now(UTC),
    )


def _publish(kafka: KafkaSettings, request: ErasureRequested) -> None:
    with KafkaProducer.connect(kafka, [ERASURES_REQUESTED.name]) as producer:
        producer.send(record_of(ERASURES_REQUESTED, request, envelope_of(request))).result()


def _show(receipt: Receipt | None, erasure_id: str) -> None:
    if receipt is None:
        raise terminal.NotDone(
            f"there is no receipt of erasure {safe_line(erasure_id)} yet; the curator goes on by itself. Look again: "
            f"millrace forget --receipt {safe_line(erasure_id)}"
        )
    for line in receipt_lines(receipt):
        terminal.say(line)


def _receipt(store: ObjectStore, erasure_id: str) -> Receipt | None:
    try:
        return msgspec.json.decode(store.get(receipt_key(erasure_id)), type=Receipt)
    except (ObjectNotFound, ValueError):  # no such key, or none that a store would keep
        return None


def _noted(store: ObjectStore, erasure_id: str) -> Removed:
    try:
        return msgspec.json.decode(store.get(journal_key(erasure_id)), type=Removed)
    except ObjectNotFound:
        return Removed()
