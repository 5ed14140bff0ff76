"""What a person reads of an erasure: the question before, and the receipt after."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.console.core.payload import safe_line
from services.console.core.topics import counted
from shared.contracts.envelope import Envelope
from shared.contracts.erasures import ErasureRequested
from shared.contracts.receipts import Receipt, Removed
from shared.contracts.topics import ERASURES_REQUESTED

_LABEL: Final = 10
_SHOWN: Final = 20
"""So many things of one kind are listed; the receipt itself names all."""


class Reason(StrEnum):
    """Why a page is forgotten."""

    OWNER_REQUEST = "owner-request"
    OPT_OUT = "opt-out"
    LEGAL = "legal"
    PERSONAL_DATA = "personal-data"
    MISTAKE = "mistake"


def envelope_of(request: ErasureRequested) -> Envelope:
    """Give the envelope of a request: its event id is the erasure's."""
    return ERASURES_REQUESTED.envelope(request, request.erasure_id, "console", request.at)


def progress(noted: Removed) -> str:
    """Say how far the curator is, by what it has noted."""
    parts = [
        counted(len(noted.shards), "shard") if noted.shards else "",
        counted(len(noted.texts), "long text") if noted.texts else "",
        counted(len(noted.packs), "raw record") if noted.packs else "",
    ]
    found = ", ".join(part for part in parts if part)
    return f"found so far: {found}" if found else "the curator has found nothing yet"


def receipt_lines(receipt: Receipt) -> Iterator[str]:
    """Yield the lines that show a receipt."""
    removed = receipt.removed
    yield f"Erasure {safe_line(receipt.erasure_id)} of document {receipt.document_id}"
    yield _line("finished", _at(receipt.finished_at))
    yield _line(
        "asked by", f"{safe_line(receipt.requested_by)} at {_at(receipt.requested_at)}: {safe_line(receipt.reason)}"
    )
    looked = receipt.looked
    size = f"{counted(looked.packs, 'pack')} of {looked.pack_bytes:,} bytes, {counted(looked.shards, 'shard')}"
    yield _line("looked at", f"{size}, {counted(looked.records, 'record')} of topics")
    yield from _listed(
        "raw", [f"{one.key}  bytes {one.offset:,} to {one.offset + one.length - 1:,}" for one in removed.packs]
    )
    yield from _listed("rows", [f"{counted(one.rows, 'row')} in {one.key}" for one in removed.shards])
    yield from _listed("texts", list(removed.texts))
    yield _line("index", "forgotten" if removed.claims else "nothing was known of it")
    yield from _versions(removed)
    for one in receipt.remains:
        until = f"until {_at(one.until)}" if one.until else "until somebody removes it"
        yield _line("remains", f"{safe_line(one.where)}: {safe_line(one.what)}, {until}")


def _versions(removed: Removed) -> Iterator[str]:
    held = [
        f"{one.dataset}/{one.version}{', ready: what was trained on it has learnt from the page' if one.ready else ''}"
        for one in removed.versions
    ]
    yield from _listed("unreadable", held)
    yield from _listed("instead", [f"{one.dataset}/{one.version}" for one in removed.made])
    yield from _listed("stands in", [f"{one.document_id} in {one.dataset}" for one in removed.promoted])


def _listed(label: str, things: list[str]) -> Iterator[str]:
    """Yield a line for each of `things`, and one for how many more there are; one that says so where there is none."""
    shown = things[:_SHOWN] or ["nothing"]
    for number, thing in enumerate(shown):
        yield _line(label if number == 0 else "", safe_line(thing, 1_000))
    if len(things) > _SHOWN:
        yield _line("", f"and {len(things) - _SHOWN:,} more")


def _line(label: str, text: str) -> str:
    return f"{label:<{_LABEL}}  {text}"


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S %Z}"
