"""A chain that leads from an answer to a page lacks nothing; any other says what is missing, and why."""

import msgspec
import pytest

from infra.demo.chain import Chain
from shared.io.gateway_client import Answer
from tests.services.console.chains import CHAIN, PREDICTION

ANSWER = Answer(
    request_id=PREDICTION.request_id,
    label="writer",
    probabilities={"writer": 0.6},
    model="application",
    model_version=2,
)
WRITTEN = msgspec.to_builtins(CHAIN)
"""As `millrace trace --json` writes it."""


def lacks(**changes: object) -> str:
    """Say what the chain lacks with these changes to its links."""
    return msgspec.convert({**WRITTEN, **changes}, Chain).lacks(ANSWER)


def test_a_chain_that_leads_to_a_page_lacks_nothing() -> None:
    """It is read as the console writes it; what is gone beside it is no link of it."""
    assert not lacks()
    assert not lacks(gone=("Version 4 of application is signed by nobody that is trusted.",), learnt=())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"prediction": {**WRITTEN["prediction"], "request_id": "another"}}, "no record of the answer."),
        ({"model": None, "gone": ("There is no version 2.",)}, "no model version 2. There is no version 2."),
        ({"model": {**WRITTEN["model"], "version": 1}}, "no model version 2."),
        (
            {"dataset": None, "rows": (), "page": None, "gone": ("There is no version 3.",)},
            "no dataset version 3, no page that is there. There is no version 3.",
        ),
        ({"dataset": {**WRITTEN["dataset"], "version": 4}}, "no dataset version 3."),
        ({"page": None, "unread": "the text was not kept."}, "no page that is there. the text was not kept."),
        ({"page": {**WRITTEN["page"], "is_there": False}}, "no page that is there."),
    ],
)
def test_a_missing_link_is_told(changes: dict[str, object], told: str) -> None:
    """With the console's own word on why it is missing."""
    assert lacks(**changes) == told
