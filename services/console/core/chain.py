"""The chain from an answer back to the pages that it was learnt from, and forward to what a correction became."""

import base64
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from services.console.core.corrections import TOLD
from services.console.core.payload import safe_line
from services.console.core.topics import counted
from shared.contracts.message import ClaimCheck
from shared.contracts.predictions import PredictionRecorded
from shared.contracts.split import Split
from shared.contracts.timestamp import Timestamp

REQUEST_ID: Final = re.compile(r"(?:[A-Za-z0-9_-]{4}){16,}")
"""Longer than any other id of ours, whatever else a gateway writes into it; URL-safe base64."""
_UUID_BYTES: Final = 16
_MILLISECONDS_BYTES: Final = 6
_UUID_VERSION: Final = 7
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = (datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=1)
"""What is later than any calendar of ours was made by somebody else."""
_LABEL: Final = 10
_TEXT_CHARACTERS: Final = 100
_LABELS_SHOWN: Final = 3


class ModelLink(msgspec.Struct, frozen=True, kw_only=True):
    """The version that answered: who made it, of how many rows, and the gate's word on it."""

    version: int
    recipe: str
    run: str
    created_at: Timestamp
    rows: int
    signed_by: str
    verdict: str


class DatasetLink(msgspec.Struct, frozen=True, kw_only=True):
    """The dataset version that it was trained on."""

    dataset: str
    version: int
    rows: int
    train_rows: int
    shards: int


class RowLink(msgspec.Struct, frozen=True, kw_only=True):
    """A training row that is like the text and has the label that was answered, and the shard that holds it."""

    similarity: float
    row_id: str
    kind: str
    text: str
    document_id: str
    url: str
    shard: str


class PageLink(msgspec.Struct, frozen=True, kw_only=True):
    """The page of the first of the rows: when it was fetched, and where its raw bytes lie, if a topic still says so."""

    document_id: str
    url: str
    source: str
    licence: str
    fetched_at: Timestamp
    pack: ClaimCheck | None
    is_there: bool


class Learnt(msgspec.Struct, frozen=True, kw_only=True):
    """A row that feedback on the answer became, the first ready version that has it, and the models trained on it."""

    row_id: str
    label: str
    split: str
    status: str
    dataset_version: int | None
    models: tuple[int, ...]
    champion: int | None


class Unlearnt(msgspec.Struct, frozen=True, kw_only=True):
    """A word on the answer that made no row, and why: as `TOLD` has it, or empty where it may yet become one."""

    kind: str
    label: str | None
    why: str


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of an answer.

    `gone` says, in sentences, what a link would say that is there no more. `taught` counts the rows that have the label
    that was answered, among which the nearest were looked for; `unread` says why none were.
    """

    prediction: PredictionRecorded
    place: str
    model: ModelLink | None
    dataset: DatasetLink | None
    taught: int
    rows: tuple[RowLink, ...]
    page: PageLink | None
    learnt: tuple[Learnt, ...]
    unlearnt: tuple[Unlearnt, ...] = ()
    unread: str = ""
    gone: tuple[str, ...] = ()


def issued_at(request_id: str) -> datetime | None:
    """Read when an answer was given off its id, which begins with a UUIDv7; None for what is no request id."""
    if not REQUEST_ID.fullmatch(request_id):
        return None
    named = uuid.UUID(bytes=base64.urlsafe_b64decode(request_id)[:_UUID_BYTES])
    if named.version != _UUID_VERSION:
        return None
    milliseconds = int.from_bytes(named.bytes[:_MILLISECONDS_BYTES], "big")
    return _EPOCH + timedelta(milliseconds=milliseconds) if milliseconds < _LAST else None


def written_out(chain: Chain) -> Iterator[str]:
    """Yield the lines that show a chain, from the answer to the page, then what feedback on it became."""
    yield from _prediction(chain)
    if chain.model is not None:
        yield from _model(chain.prediction.model, chain.model)
    if chain.dataset is not None:
        yield from _dataset(chain.dataset)
    yield from _rows(chain)
    if chain.page is not None:
        yield from _page(chain.page)
    for learnt in chain.learnt:
        yield from _learnt(learnt)
    for word in chain.unlearnt:
        yield _line("feedback", f"{safe_line(word.label or word.kind)}, {_why(word)}")
    for sentence in chain.gone:
        yield _line("GONE", sentence)


def _prediction(chain: Chain) -> Iterator[str]:
    said = chain.prediction
    best = sorted(said.probabilities.items(), key=lambda item: -item[1])[:_LABELS_SHOWN]
    text = "a text that was not kept" if said.text is None else _quoted(said.text)
    yield _line("answer", f"{text} is {safe_line(said.label)}")
    yield _line("", ", ".join(f"{safe_line(label)} {probability:.2f}" for label, probability in best))
    took = f"{said.latency_microseconds / 1_000:.1f} ms"
    yield _line("", f"{said.at:%Y-%m-%d %H:%M:%S %Z}, to {safe_line(said.customer)}, in {took}  [{chain.place}]")


def _model(name: str, model: ModelLink) -> Iterator[str]:
    made = f"{model.created_at:%Y-%m-%d %H:%M:%S %Z}"
    yield _line("model", f"{safe_line(name)}, version {model.version}: {model.recipe}, of {model.rows:,} rows, {made}")
    yield _line("", f"run {model.run}, signed by {model.signed_by}")
    if model.verdict:
        yield _line("gate", safe_line(model.verdict, 1_000))


def _dataset(dataset: DatasetLink) -> Iterator[str]:
    counts = f"{dataset.rows:,} rows, {dataset.train_rows:,} to train on, in {counted(dataset.shards, 'shard')}"
    yield _line("dataset", f"{dataset.dataset}, version {dataset.version}: {counts}")


def _rows(chain: Chain) -> Iterator[str]:
    if chain.unread:
        yield _line("rows", chain.unread)
    elif chain.dataset is not None:
        yield _line("rows", _nearest(chain))
    for row in chain.rows:
        yield _line(f"  {row.similarity:.2f}", f"{row.kind} {_quoted(row.text)}")
        yield _line("", f"row {row.row_id} in {row.shard}")
        yield _line("", f"document {row.document_id}, {safe_line(row.url)}")


def _nearest(chain: Chain) -> str:
    label, taught = safe_line(chain.prediction.label), counted(chain.taught, "row")
    if chain.rows:
        return f"of {taught} with the label {label}, the nearest {len(chain.rows)}:"
    if chain.taught:
        return f"none of {taught} with the label {label} shares a few letters with the text, so no page is shown"
    return f"none has the label {label} any more"


def _page(page: PageLink) -> Iterator[str]:
    yield _line("page", safe_line(page.url, 1_000))
    read = f"fetched {page.fetched_at:%Y-%m-%d %H:%M:%S %Z} by {page.source}, licence {safe_line(page.licence)}"
    yield _line("", f"document {page.document_id}, {read}")
    if page.pack is not None:
        end = page.pack.offset + page.pack.length - 1
        there = "" if page.is_there else ": GONE"
        yield _line("pack", f"{page.pack.key}  bytes {page.pack.offset:,} to {end:,}{there}")


def _learnt(learnt: Learnt) -> Iterator[str]:
    yield _line("feedback", f"{safe_line(learnt.label)}, as row {learnt.row_id}: {learnt.split}, {learnt.status}")
    if learnt.dataset_version is None:
        yield _line("", "in no version yet that is ready to train on")
        return
    if learnt.split != Split.TRAIN:
        judged = "models are judged by it, and none learns it"
        yield _line("", f"in dataset version {learnt.dataset_version} and later: {judged}")
        return
    marks = {learnt.champion: " (champion)"}
    models = ", ".join(f"{version}{marks.get(version, '')}" for version in learnt.models)
    trained = f"model version {models}" if models else "no model yet"
    yield _line("", f"in dataset version {learnt.dataset_version} and later, learnt by {trained}")


def _why(word: Unlearnt) -> str:
    if word.why:
        return f"no row: {TOLD[word.why]}"
    return "no row yet: the dataset builder makes one, unless no page has the label"


def _quoted(text: str) -> str:
    return f"“{safe_line(' '.join(text.split()), _TEXT_CHARACTERS)}”"


def _line(label: str, text: str) -> str:
    return f"{label:{_LABEL}}  {text}"
