"""What a customer's word must be to become a row of a dataset. Pure."""

from collections.abc import Mapping
from typing import Final, Literal

from shared.contracts.predictions import FeedbackKind, FeedbackReceived
from shared.encoding.text import language_of
from shared.flywheel.learning import Task

Tasks = Mapping[str, Task]
"""The flywheel's tasks, by name."""

Refusal = Literal["thumb", "not-accepted", "no-text", "no-label", "no-group", "unknown-task", "unknown-language"]
"""Why a word is no row: it only praises or blames; nobody has accepted it; the customer gave no text to learn from, or
no label; it has no group, so it is in no split; there is no such task, or it doesn't learn that language."""

THUMBS: Final = frozenset({FeedbackKind.THUMB_UP, FeedbackKind.THUMB_DOWN})


def refusal(tasks: Tasks, said: FeedbackReceived) -> Refusal | None:
    """Give the first reason why it is no row; None where there is none.

    Whether its label is known is not asked here, for it takes the dataset to know.
    """
    task = tasks.get(said.task)
    reasons: tuple[tuple[bool, Refusal], ...] = (
        (said.kind in THUMBS, "thumb"),
        (not said.accepted, "not-accepted"),
        (not (said.text or "").strip(), "no-text"),
        (not said.label, "no-label"),
        (not said.group_id, "no-group"),
        (task is None, "unknown-task"),
        (task is not None and spoken(said) not in task.languages, "unknown-language"),
    )
    return next((reason for applies, reason in reasons if applies), None)


def spoken(said: FeedbackReceived) -> str:
    """Give the language of the text: as it was told, else as its script says."""
    return said.language or language_of(said.text or "")
