"""`millrace trace`: a document's way from page to row, and an answer's way back to the pages."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from typing import Annotated, TypeVar

import typer

from services.console import terminal
from services.console.chain_finder import ChainFinder
from services.console.core import chain, tracing
from services.console.core.chain import Chain, issued_at
from services.console.core.tracing import Trace
from services.console.desk import PATIENCE
from services.console.tracer import Tracer
from services.console.usage import Command, examples
from shared.contracts.identity import DOCUMENT_ID_BYTES, NotAUrl, document_id
from shared.flywheel.load import configured_flywheel
from shared.io.s3 import S3ObjectStore
from shared.models.signing import Trust
from shared.settings import KafkaSettings, SigningSettings, StoreSettings, load
from shared.stream.topic_reader import TopicReader

T = TypeVar("T", Chain, Trace)


def trace(
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT", help="A page's URL, a document's id (32 hex digits), or an answer's request id."
        ),
    ],
    text: Annotated[
        str | None, typer.Option(help="What was asked, where it was not kept beside the answer.", metavar="TEXT")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Show where a document came from and where it went, or what an answer was learnt from.

    Of a document: page, raw pack, what the cleaner made of it, copies, shard rows, and the dataset versions that hold
    them. Of an answer: model version, the gate's word, dataset version, the nearest training rows with their shards,
    documents and page, and what feedback on it became.
    """
    issued = issued_at(what)
    if issued is not None:
        _show(_chain(what, issued, text), chain.written_out, as_json)
        return
    if text is not None:
        raise typer.BadParameter("it is for a request id alone", param_hint="--text")
    found = _found(_identified(what))
    _show(found, tracing.written_out, as_json)
    if not found.known:
        raise terminal.NotDone(f"nothing is known of {what}. Its URL must be the one that was crawled.")


COMMAND = Command(
    trace,
    examples(
        "millrace trace http://127.0.0.1:8808/en-US/text/scalc/main0000.html",
        "millrace trace 3f2a90c1d4e5b6a7081920a1b2c3d4e5 --json | jq .shelves",
        "millrace trace $(millrace ask 'add up a column' --consent --json | jq -r .answer.request_id)",
    ),
)


def _identified(document: str) -> str:
    if re.fullmatch(rf"[0-9a-f]{{{2 * DOCUMENT_ID_BYTES}}}", document):
        return document
    try:
        return document_id(document)
    except NotAUrl as error:
        raise terminal.NotDone(
            f"{error}. Give a URL, an id of {2 * DOCUMENT_ID_BYTES} hex digits, or a request id."
        ) from error


def _show(found: T, written_out: Callable[[T], Iterator[str]], as_json: bool) -> None:
    if as_json:
        terminal.write_json(found)
        return
    for line in written_out(found):
        terminal.say(line)


def _chain(request_id: str, issued: datetime, text: str | None) -> Chain:
    flywheel, reader = configured_flywheel(), TopicReader(load(KafkaSettings))
    trust = Trust.from_folder(load(SigningSettings).trusted_folder)
    with closing(S3ObjectStore.from_settings(load(StoreSettings), PATIENCE)) as store:
        return ChainFinder(reader, store, flywheel, trust).find(request_id, issued, text)


def _found(document: str) -> Trace:
    flywheel = configured_flywheel()
    reader = TopicReader(load(KafkaSettings))
    with closing(S3ObjectStore.from_settings(load(StoreSettings), PATIENCE)) as store:
        return Tracer(reader, store, flywheel.dataset.name).trace(document)
