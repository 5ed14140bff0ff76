"""Tests of what each record leaves for the commit port."""

import pickle
from typing import Any

import msgspec

from services.dataset_builder.core.rows import rows_of
from services.dataset_builder.core.work import Plan, body_of, outcomes
from shared.contracts.message import ClaimCheck
from shared.contracts.split import Split
from shared.flywheel.config import Flywheel
from shared.stream.service import Received
from tests.services.dataset_builder.builders import PAGE_ONLY, TASKS, correction, document, received
from tests.services.dataset_builder.flywheels import flywheel_of

CHECK = ClaimCheck(bucket="b", key="texts/1", offset=0, length=5, sha256="0" * 64)


def test_every_record_has_an_outcome_with_its_rows_or_a_reason() -> None:
    """Nothing is sent; the commit port is given the rows, whichever topic they come from."""
    copy = document(1, copy=1, split=Split.TEST)
    batch: list[Received[Any]] = [
        received(document(1)),
        received(correction(2)),
        received(copy),
        received(correction(3, accepted=False)),
    ]
    made = outcomes(Plan(PAGE_ONLY, TASKS), batch)

    assert made[0].payload == rows_of(PAGE_ONLY, received(document(1)))
    assert [row.text for row in made[1].payload] == ["question 2"]
    assert (made[2].payload, made[2].reason) == ((), "")
    assert (made[3].payload, made[3].reason) == (None, "not-accepted")
    assert not any(one.messages for one in made)


def test_only_a_documents_text_may_lie_in_the_store() -> None:
    """Its pointer is what is to be fetched; what a customer says is inline."""
    assert body_of(msgspec.structs.replace(document(), text="", body=CHECK)) == CHECK
    assert body_of(document()) is None
    assert body_of(correction()) is None


def test_the_plan_follows_from_the_flywheel() -> None:
    """And goes to the processes that work."""
    plan = Plan.of(Flywheel.model_validate(flywheel_of("d")))
    assert plan.rows.kinds == {"page", "title"}
    assert pickle.loads(pickle.dumps(plan)) == plan  # noqa: S301 - our own bytes
    assert plan.tasks["router"].label == "app"
