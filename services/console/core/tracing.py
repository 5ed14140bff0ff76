"""A document's way from page to row, as it is written out."""

from collections.abc import Iterator
from typing import Final

import msgspec

from services.console.core.payload import safe_line
from services.console.core.topics import counted
from shared.contracts.documents import AugmentedDocument, CleanDocument, Lineage, RawDocument, RejectedDocument

_LABEL: Final = 10
_ID: Final = 12
"""Digits of an event id that are shown: enough to find it by."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A message about the document: where it lies, its id, and which record it was made of."""

    id: str
    place: str
    origin: str
    message: RawDocument | CleanDocument | AugmentedDocument | RejectedDocument


class Grave(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter about the document."""

    place: str
    origin: str
    error: str
    detail: str


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """What one shard holds of one edition: rows by kind, copies counted apart; `status` is `live`, or why it is out."""

    shard: str
    edition: str
    split: str
    rows: dict[str, int]
    copies: int
    status: str
    source: str
    url: str


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of one document.

    `packs` says of each raw pack, by key, whether it is there. `unreadable` says of shards why they can't be read: it
    may be in them too. `head` and `ready` are versions of `dataset`, which hold the document where they are listed in
    `held_by`.
    """

    document_id: str
    dataset: str
    raw: tuple[Event, ...] = ()
    clean: tuple[Event, ...] = ()
    rejected: tuple[Event, ...] = ()
    augmented: tuple[Event, ...] = ()
    dead: tuple[Grave, ...] = ()
    packs: dict[str, bool] = {}
    shelves: tuple[Shelf, ...] = ()
    unreadable: tuple[str, ...] = ()
    head: int | None = None
    ready: tuple[int, ...] = ()
    held_by: tuple[int, ...] = ()

    @property
    def known(self) -> bool:
        """Say whether there is anything of the document anywhere."""
        return bool(self.raw or self.clean or self.rejected or self.augmented or self.dead or self.shelves)


def written_out(trace: Trace) -> Iterator[str]:
    """Yield the lines that show a trace: page, fetches with what became of each, shard rows, versions."""
    url = next((event.message.lineage.url for event in (*trace.raw, *trace.clean, *trace.rejected)), None)
    url = url or next((shelf.url for shelf in trace.shelves), "")
    yield _line("page", safe_line(url, 1_000) or "its address is no longer known")
    yield _line("document", trace.document_id)
    told = {event.place for event in trace.raw}
    for raw in trace.raw:
        yield from _fetch(trace, raw)
    for event in (*trace.clean, *trace.rejected):
        if event.origin not in told:  # retention has removed the raw record
            yield from _outcome(trace, event)
    for shelf in trace.shelves:
        yield from _shelf(shelf)
    for why in trace.unreadable:
        yield _line("UNREADABLE", f"{why}: millrace datasets verify")
    yield from _versions(trace)


def _fetch(trace: Trace, event: Event) -> Iterator[str]:
    raw = event.message
    if not isinstance(raw, RawDocument):
        raise TypeError(f"{event.place} is no raw document")
    lineage = raw.lineage
    fetched = f"{lineage.fetched_at:%Y-%m-%d %H:%M:%S %Z}  {raw.status} {safe_line(raw.content_type)}"
    yield _line("fetched", f"{fetched}  by {lineage.source}, licence {safe_line(lineage.licence)}{_lies(event)}")
    there = "" if trace.packs.get(raw.body.key, False) else ": GONE"
    span = f"bytes {raw.body.offset:,} to {raw.body.offset + raw.body.length - 1:,}"
    yield _line("  pack", f"{raw.body.key}  {span}{there}")
    for made in (*trace.clean, *trace.rejected):
        if made.origin == event.place:
            yield from _outcome(trace, made)
    yield from (_dead(grave) for grave in trace.dead if grave.origin == event.place)


def _outcome(trace: Trace, event: Event) -> Iterator[str]:
    message = event.message
    if isinstance(message, RejectedDocument):
        detail = f": {safe_line(message.detail)}" if message.detail else ""
        yield _line("  rejected", f"{safe_line(message.reason)} by {safe_line(message.step)}{detail}{_lies(event)}")
        return
    if isinstance(message, CleanDocument):
        yield from _clean(event, message)
        for made in trace.augmented:
            if made.origin == event.place:
                yield _augmented(made)
        yield from (_dead(grave) for grave in trace.dead if grave.origin == event.place)


def _clean(event: Event, message: CleanDocument) -> Iterator[str]:
    size = f"{len(message.text):,} characters" if message.body is None else f"{message.body.length:,} bytes in S3"
    title = f"“{safe_line(message.title, 60)}”"
    yield _line("  clean", f"{message.language}  {title}  {size}, rules {message.lineage.rule_set}{_lies(event)}")
    yield _line("", f"group {safe_line(message.lineage.group_id)}")
    if message.near_duplicate is not None:
        near = message.near_duplicate
        yield _line("", f"near duplicate, {near.similarity:.2f} alike, in the cluster of {near.cluster_id}")


def _augmented(event: Event) -> str:
    message = event.message
    lineage: Lineage = message.lineage
    if lineage.op:
        return _line("    copy", f"{lineage.op}@{lineage.op_version}  seed {lineage.seed}{_lies(event)}")
    labels = message.labels if isinstance(message, AugmentedDocument) else {}
    named = ", ".join(f"{safe_line(name)}={safe_line(value)}" for name, value in labels.items()) or "no label"
    return _line("    itself", f"{named}{_lies(event)}")


def _dead(grave: Grave) -> str:
    return _line("  DEAD", f"{safe_line(grave.error)}: {safe_line(grave.detail)}  ({grave.place}: millrace dlq show)")


def _shelf(shelf: Shelf) -> Iterator[str]:
    rows = ", ".join(f"{count} {kind}" for kind, count in shelf.rows.items())
    copies = f", {counted(shelf.copies, 'copy', 'copies')}" if shelf.copies else ""
    yield _line("rows", f"{shelf.shard}")
    yield _line("", f"{rows}{copies}; {shelf.split}, {shelf.status}, edition {shelf.edition}")


def _versions(trace: Trace) -> Iterator[str]:
    if trace.head is None:
        yield _line("versions", f"dataset {trace.dataset} has none yet")
        return
    held = [
        f"{version}{' (ready)' if version in trace.ready else ''}{' (head)' if version == trace.head else ''}"
        for version in trace.held_by
    ]
    looked = f"of {counted(len(trace.ready), 'ready version')} and the head"
    yield _line("versions", f"{trace.dataset}: {', '.join(held) or 'in none'} ({looked})")


def _lies(event: Event) -> str:
    return f"  [{event.place} {event.id[:_ID]}]"


def _line(label: str, text: str) -> str:
    return f"{label:{_LABEL}}  {text}"
