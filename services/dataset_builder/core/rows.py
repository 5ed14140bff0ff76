"""What rows a document becomes: its page and, where a task learns from short texts, title, headings and others."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from shared.contracts.documents import AugmentedDocument
from shared.contracts.split import Split, split_of
from shared.datasets.rows import Kind, Row, edition_of, require_storable, row_id_of
from shared.flywheel.config import Flywheel
from shared.stream.service import Received

_PARAGRAPHS: Final = re.compile(r"\n\s*\n")


@dataclass(frozen=True)
class RowPlan:
    """Which kinds of short texts are rows beside the page, and how many first paragraphs."""

    kinds: frozenset[Kind]
    paragraphs: int


def plan_of(flywheel: Flywheel) -> RowPlan:
    """Give the plan that suits every task of `flywheel`."""
    return RowPlan(frozenset(kind for task in flywheel.tasks for kind in task.texts), flywheel.dataset.paragraphs)


def rows_of(plan: RowPlan, received: Received[AugmentedDocument]) -> tuple[Row, ...]:
    """Give the rows of one document: none for a copy outside of train.

    Raises `ValueError` for a document without text or group, or with a lineage that no shard can hold, and
    `UnicodeDecodeError` for a body that is not UTF-8.
    """
    document = received.message
    require_storable(document.lineage)
    split = split_of(document.lineage.group_id, document.lineage.split_hint)
    text = _text(received)
    if not text.strip():
        raise ValueError(f"document {document.document_id} has no text")
    if not document.lineage.op:
        return tuple(_row(received, split, *part) for part in _parts(plan, document, text))
    return (_row(received, split, "page", 0, text),) if split is Split.TRAIN else ()


def _text(received: Received[AugmentedDocument]) -> str:
    if received.message.body is None:
        return received.message.text
    if received.body is None:
        raise ValueError(f"the text of document {received.message.document_id} was not fetched")
    return received.body.decode()


def _parts(plan: RowPlan, document: AugmentedDocument, text: str) -> Iterator[tuple[Kind, int, str]]:
    """Yield the page and those of its short texts that are wanted, less empty ones and those that were there before.

    A part's number is its place in the document and not among what is kept, so that another plan makes the same rows.
    """
    yield "page", 0, text
    seen = {"", _squeezed(text)}
    for kind, part, short in _short_texts(plan, document, text):
        if kind in plan.kinds and short not in seen:
            seen.add(short)
            yield kind, part, short


def _short_texts(plan: RowPlan, document: AugmentedDocument, text: str) -> Iterator[tuple[Kind, int, str]]:
    title, headings = _squeezed(document.title), tuple(map(_squeezed, document.headings))
    yield "title", 0, title
    yield from (("heading", part, heading) for part, heading in enumerate(headings))
    yield from (("keyword", part, _squeezed(keyword)) for part, keyword in enumerate(document.keywords))
    # Keywords came later: they count here, so that pages which are known have the paragraphs that they had.
    paragraphs = [one for one in _paragraphs(text) if one not in {title, *headings}]
    yield from (("paragraph", part, one) for part, one in enumerate(paragraphs[: plan.paragraphs]))


def _paragraphs(text: str) -> Iterable[str]:
    """Split at blank lines; a text that has none, at every line."""
    blocks = _PARAGRAPHS.split(text.strip())
    return filter(None, map(_squeezed, blocks if len(blocks) > 1 else text.splitlines()))


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _row(received: Received[AugmentedDocument], split: Split, kind: Kind, part: int, text: str) -> Row:
    document = received.message
    near = document.near_duplicate
    own_page = kind == "page" and not document.lineage.op
    return Row(
        row_id=row_id_of(document.document_id, document.lineage, kind, part),
        document_id=document.document_id,
        edition=edition_of(document.lineage),
        kind=kind,
        part=part,
        text=text,
        title=document.title,
        language=document.language,
        split=split,
        labels=document.labels,
        lineage=document.lineage,
        cluster_id="" if near is None else near.cluster_id,
        similarity=0.0 if near is None else near.similarity,
        signature=document.signature if own_page else b"",
        event_id=received.envelope.id,
    )
