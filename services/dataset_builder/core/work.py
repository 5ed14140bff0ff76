"""The builder's pure work: what each record, of whichever topic, leaves for the commit port."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.dataset_builder.core.feedback import row_of, tasks_of
from services.dataset_builder.core.rows import RowPlan, plan_of, rows_of
from shared.contracts.documents import AugmentedDocument
from shared.contracts.message import ClaimCheck
from shared.contracts.predictions import FeedbackReceived
from shared.datasets.rows import Row
from shared.datasets.words import Tasks
from shared.flywheel.config import Flywheel
from shared.stream.service import Outcome, Received


@dataclass(frozen=True)
class Plan:
    """What documents become, and which tasks customers may correct."""

    rows: RowPlan
    tasks: Tasks

    @classmethod
    def of(cls, flywheel: Flywheel) -> "Plan":
        """Give the plan of `flywheel`."""
        return cls(plan_of(flywheel), tasks_of(flywheel))


def outcomes(plan: Plan, batch: Sequence[Received[Any]]) -> list[Outcome]:
    """Give the rows of each record as the payload of its outcome, or the reason why it has none; nothing is sent."""
    return [_outcome(plan, received) for received in batch]


def body_of(message: AugmentedDocument | FeedbackReceived) -> ClaimCheck | None:
    """Name the text in S3, where it is too large to be inline."""
    return message.body if isinstance(message, AugmentedDocument) else None


def _outcome(plan: Plan, received: Received[Any]) -> Outcome:
    if not isinstance(received.message, FeedbackReceived):
        return Outcome(payload=rows_of(plan.rows, received))
    made = row_of(plan.tasks, received)
    return Outcome(payload=(made,)) if isinstance(made, Row) else Outcome(reason=made)
