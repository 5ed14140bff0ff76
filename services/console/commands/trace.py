"""`millrace trace`: a document's way from page to row, and back."""

import re
from contextlib import closing
from typing import Annotated

import typer

from services.console import terminal
from services.console.core.tracing import Trace, written_out
from services.console.desk import PATIENCE
from services.console.tracer import Tracer
from services.console.usage import Command, examples
from shared.contracts.identity import DOCUMENT_ID_BYTES, NotAUrl, document_id
from shared.flywheel.load import configured_flywheel
from shared.io.s3 import S3ObjectStore
from shared.settings import KafkaSettings, StoreSettings, load
from shared.stream.topic_reader import TopicReader


def trace(
    document: Annotated[
        str, typer.Argument(metavar="DOCUMENT", help="The page's URL, or the document's id (32 hex digits).")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Show where a document came from and where it went.

    Page, raw pack, what the cleaner made of it, copies, shard rows, and the dataset versions that hold them. What
    topics no longer hold, the dataset still tells.
    """
    found = _found(_identified(document))
    if as_json:
        terminal.write_json(found)
    else:
        for line in written_out(found):
            terminal.say(line)
    if not found.known:
        raise terminal.NotDone(f"nothing is known of {document}. Its URL must be the one that was crawled.")


COMMAND = Command(
    trace,
    examples(
        "millrace trace http://127.0.0.1:8808/en-US/text/scalc/main0000.html",
        "millrace trace 3f2a90c1d4e5b6a7081920a1b2c3d4e5 --json | jq .shelves",
    ),
)


def _identified(document: str) -> str:
    if re.fullmatch(rf"[0-9a-f]{{{2 * DOCUMENT_ID_BYTES}}}", document):
        return document
    try:
        return document_id(document)
    except NotAUrl as error:
        raise terminal.NotDone(f"{error}. Give a URL, or an id of {2 * DOCUMENT_ID_BYTES} hex digits.") from error


def _found(document: str) -> Trace:
    flywheel = configured_flywheel()
    reader = TopicReader(load(KafkaSettings))
    with closing(S3ObjectStore.from_settings(load(StoreSettings), PATIENCE)) as store:
        return Tracer(reader, store, flywheel.dataset.name).trace(document)
