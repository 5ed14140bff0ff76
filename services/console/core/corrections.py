"""How customers' corrections stand: which wait until a person accepts them, and what accepting one sends."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec

from services.console.core.payload import safe_line
from shared.contracts.envelope import Envelope, Origin
from shared.contracts.identity import derived_event_id, feedback_document_id
from shared.contracts.message import decoder
from shared.contracts.predictions import FeedbackReceived
from shared.contracts.split import Split, split_of
from shared.contracts.timestamp import Timestamp, to_text
from shared.contracts.topics import FEEDBACK_RECEIVED
from shared.datasets.words import THUMBS, Tasks, refusal
from shared.stream.record import Record

WAITS: Final = "waits"
ACCEPTED: Final = "accepted"
FORGOTTEN: Final = "forgotten"
HEAD: Final = ("id", "at", "state", "task", "customer", "answered", "corrected", "for", "text")
TOLD: Final[Mapping[str, str]] = {
    FORGOTTEN: "it was forgotten, for ever",
    "thumb": "it only praises or blames",
    "not-accepted": "nobody has accepted it (millrace feedback list)",
    "no-text": "its text came without consent to train on it",
    "no-label": "it names no label",
    "no-group": "it has no group, so it is in no split",
    "unknown-task": "the flywheel has no such task",
    "unknown-language": "its task doesn't learn its language",
}
"""Why a word is no row, in words; by `Refusal`, too."""
_TEXT_CHARACTERS: Final = 100
_DECODER: Final = decoder(FeedbackReceived)


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """The newest word of a customer on one input, and how it stands.

    `state` is `waits`, `accepted`, `forgotten`, or why it can be no row. `document_id` names the input, as rows of it
    do. `split` says what it is for: `train`, or one whose rows models are judged by.
    """

    feedback_id: str
    state: str
    task: str
    customer: str
    at: Timestamp
    predicted_label: str | None
    label: str
    text: str
    split: Split | None
    document_id: str
    request_id: str
    accepted_by: str


@dataclass(frozen=True)
class Word:
    """A customer's word, and the record that brought it."""

    said: FeedbackReceived
    origin: Origin

    @property
    def rank(self) -> tuple[datetime, bool]:
        """Order words on one input: the latest counts, and what was accepted of one is later than the word itself."""
        return self.said.at, self.said.accepted


@dataclass
class Words:
    """What customers said of inputs, by the document that each is: the newest word, and the newest accepted one.

    A word without a label or without its text is none of these, for it can teach nothing.
    """

    tasks: Tasks
    newest: dict[str, Word] = field(default_factory=dict)
    accepted: dict[str, Word] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def take(self, records: Iterable[Record]) -> "Words":
        """Look at each of `records`, and give itself."""
        for record in records:
            said = read_word(record)
            if said is not None and said.kind not in THUMBS and said.text and said.label:
                self._add(Word(said, record.origin))
        return self

    def corrections(self, denied: Container[str] = ()) -> list[Correction]:
        """Give all of them, the newest last; `denied` are documents that are forgotten."""
        ordered = sorted(self.newest, key=lambda document: self.newest[document].rank)
        return [self._correction(document, self._state(document, denied)) for document in ordered]

    def _add(self, word: Word) -> None:
        said = word.said
        self.seen.add(said.feedback_id)
        document = document_of(said)
        for kept in (self.newest, self.accepted) if said.accepted else (self.newest,):
            if document not in kept or word.rank >= kept[document].rank:
                kept[document] = word

    def _state(self, document: str, denied: Container[str]) -> str:
        said, accepted = self.newest[document].said, self.accepted.get(document)
        if document in denied:
            return FORGOTTEN
        # Whoever says again what was accepted of them waits for nobody.
        if accepted is not None and accepted.said.label == said.label:
            return ACCEPTED
        return refusal(self.tasks, msgspec.structs.replace(said, accepted=True)) or WAITS

    def _correction(self, document: str, state: str) -> Correction:
        said = self.newest[document].said
        return Correction(
            feedback_id=said.feedback_id,
            state=state,
            task=said.task,
            customer=said.customer,
            at=said.at,
            predicted_label=said.predicted_label,
            label=said.label or "",
            text=said.text or "",
            split=split_of(said.group_id) if said.group_id else None,
            document_id=document,
            request_id=said.request_id,
            accepted_by=self.accepted[document].said.accepted_by if state == ACCEPTED else "",
        )


def read_word(record: Record) -> FeedbackReceived | None:
    """Read one record of `feedback-received`; None where somebody else's lies there."""
    try:
        return _DECODER.decode(record.value or b"")
    except msgspec.DecodeError:
        return None


def document_of(said: FeedbackReceived) -> str:
    """Name the document that a word is about, as the rows of it do."""
    return feedback_document_id(said.task, said.customer, said.input_hash)


def obstacle(words: Words, found: Mapping[str, Correction], feedback_id: str) -> str:
    """Say why a word can't be accepted; empty where it can, or is. `found` are the corrections by their ids."""
    one = found.get(feedback_id)
    if one is None:
        return "its customer has said otherwise since" if feedback_id in words.seen else "there is no such correction"
    return "" if one.state in {WAITS, ACCEPTED} else TOLD[one.state]


def acceptance(word: Word, by: str, at: datetime) -> tuple[FeedbackReceived, Envelope]:
    """Give what is sent where `by` accepts a word: the word itself, and an id that is the same whoever accepts it.

    It keeps its time, for a later word of the customer counts more, whenever this one was accepted.
    """
    said = msgspec.structs.replace(word.said, accepted=True, accepted_by=by)
    event = derived_event_id(said.feedback_id, "console", "review", to_text(said.at))
    envelope = FEEDBACK_RECEIVED.envelope(said, event, "console", at)
    return said, msgspec.structs.replace(envelope, origin=word.origin)


def correction_row(one: Correction) -> tuple[str, ...]:
    """Give the cells of one correction."""
    text = safe_line(" ".join(one.text.split()), _TEXT_CHARACTERS)
    told = (one.state, one.task, one.customer, one.predicted_label or "", one.label, one.split or "")
    return (safe_line(one.feedback_id), f"{one.at:%Y-%m-%d %H:%M:%S}", *map(safe_line, told), text)
