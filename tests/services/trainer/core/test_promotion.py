"""Tests of the gate."""

import json

import msgspec
import numpy as np
import pytest

from services.trainer.core.evidence import Corrections, Evidence, Sample
from services.trainer.core.promotion import (
    AGAINST_CHAMPION,
    BETTER,
    OVERALL,
    judge,
)
from shared.flywheel.learning import Gate
from shared.models.verdict import Decision, Verdict
from tests.services.trainer.core.comparisons import SLICES, column, evidence, recorded, right

POLICY = Gate()
ROWS = 800


def test_every_number_is_told() -> None:
    """By names that a person reads, once each, with the bounds of what was compared."""
    verdict = judge(evidence(right(0.9, ROWS), right(0.8, ROWS), baseline=dict.fromkeys(SLICES, 0.85)), POLICY)
    assert verdict.decision == "promote"
    assert verdict.reason == (
        "Better than the champion: overall by 10.0 points, between 7.4 and 12.6 at 99 % confidence, "
        "and surely worse nowhere; 90.0 % over the slices, TF-IDF 85.0."
    )
    assert [check.name for check in verdict.checks] == [
        "answers that are no number",
        "corrections answered right",
        "megabytes that serve",
        "milliseconds a text, 95th percentile",
        *(f"{name} accuracy" for name in SLICES),
        "overall accuracy",
        "better than the champion",
        "overall against the champion",
        *(f"{name} against the champion" for name in SLICES),
    ]


@pytest.mark.parametrize(
    ("judged", "decision", "reason"),
    [
        (evidence([]), "keep", "Kept: there is no validation row to judge it on."),
        (evidence(right(0.8, 40)), "promote", "The first model: 80.0 % over the slices; better than the commonest"),
        (
            evidence(right(0.5, 80), commonest=right(0.48, 80)),
            "keep",
            "Kept: nowhere surely better than the commonest label",
        ),
        (
            evidence(right(0.8, ROWS), right(0.8, ROWS)),
            "keep",
            "Kept: nowhere surely better than the champion: most likely overall by 0.0 points",
        ),
        (
            evidence(right(0.8, ROWS), right(0.8, ROWS), rung="refit"),
            "promote",
            "Newer data, and surely worse nowhere: +0.0 points overall (between -0.5 and +0.5); 80.0 %",
        ),
        (
            evidence(right(0.75, ROWS), right(0.8, ROWS), rung="refit"),
            "keep",
            "Kept: overall against the champion: a loss of 5.0 points (between 3.9 and 6.0 at 90 % confidence), "
            "of 0.5 tolerated; and 4 more.",
        ),
        (
            evidence(right(0.9, ROWS), right(0.8, ROWS), megabytes=600),
            "keep",
            "Kept: megabytes that serve: 600.0, of 512 allowed.",
        ),
        (
            evidence(right(0.9, ROWS), right(0.8, ROWS), milliseconds=80.25),
            "keep",
            "Kept: milliseconds a text, 95th percentile: 80.2, of 50 allowed.",
        ),
        (
            evidence(right(0.9, ROWS), right(0.8, ROWS), milliseconds=float("nan")),
            "keep",
            "Kept: milliseconds a text, 95th percentile: not measured.",
        ),
        (
            evidence(right(0.9, ROWS), right(0.8, ROWS), unusable=3),
            "keep",
            "Kept: 3 answers hold a probability that is no number.",
        ),
        (
            evidence(right(0.9, ROWS), right(0.8, ROWS), corrections=Corrections(asked=7, right=6)),
            "keep",
            "Kept: 1 of 7 accepted corrections not learnt.",
        ),
        (
            evidence(right(0.9, ROWS), right(0.8, ROWS), corrections=Corrections(asked=7, right=7, contradicted=2)),
            "promote",
            "Better than the champion",
        ),
        (
            evidence(right(0.9, ROWS), right(0.8, ROWS), fp32=Sample(np.arange(600), np.ones(600, dtype=np.bool_))),
            "promote",
            "Better than the champion",
        ),
        (
            evidence(right(0.9, ROWS), right(0.8, ROWS), fp32=Sample(np.arange(ROWS), right(0.92, ROWS))),
            "keep",
            "Kept: int8 against fp32: a loss of 2.0 points",
        ),
        (
            evidence(right(0.9, ROWS), right(0.8, ROWS), best=right(0.93, ROWS)),
            "keep",
            "Kept: overall against the best so far: a loss of 3.0 points",
        ),
    ],
)
def test_what_is_decided_and_why(judged: Evidence, decision: Decision, reason: str) -> None:
    """In one sentence, with the number that decided and what it was held to."""
    verdict = judge(judged, POLICY)
    assert (verdict.decision, verdict.reason[: len(reason)]) == (decision, reason)


def test_small_slices_decide_nothing() -> None:
    """A class on strike in ten rows of Chinese pages is told, and keeps nobody out."""
    slices = ["page:en"] * 200 + ["page:zh"] * 10
    champion = np.ones(210, dtype=np.bool_)
    judged = evidence(np.arange(210) < 200, champion, rung="refit", slices=slices)
    verdict = judge(judged, POLICY)
    checks = {check.name: check for check in verdict.checks}
    assert verdict.decision == "promote"
    assert checks["page:zh accuracy"].value == 0
    assert checks["page:zh accuracy"].note == "10 rows are too few to decide anything"
    assert checks["overall accuracy"].value == 100
    assert f"page:zh {AGAINST_CHAMPION}" not in checks


def test_where_all_slices_are_small_all_rows_count_as_one() -> None:
    """A small site's model is judged too, by bounds that know how few rows there are."""
    worse = judge(evidence(right(0.5, 120), right(0.9, 120), rung="refit"), POLICY)
    assert worse.decision == "keep"
    assert [check.name for check in worse.checks if not check.passed] == [
        f"{OVERALL} {AGAINST_CHAMPION}",
        f"all rows {AGAINST_CHAMPION}",
    ]


def test_a_thousand_headings_do_not_drown_a_hundred_pages() -> None:
    """A gain on many short rows doesn't pay for a clear loss on few pages."""
    slices = ["page:en"] * 150 + ["short:en"] * 2_000
    champion = np.concatenate([right(0.9, 150), right(0.6, 2_000)])
    candidate = np.concatenate([right(0.8, 150), right(0.65, 2_000)])
    assert candidate.sum() > champion.sum()
    verdict = judge(evidence(candidate, champion, slices=slices), POLICY)
    assert verdict.decision == "keep"
    assert verdict.reason.startswith("Kept: better than the champion short:en by 5.0 points")
    assert "but not overall, which changes by -2.5" in verdict.reason


def test_what_is_won_in_one_slice_may_not_be_lost_in_another() -> None:
    """One loss that is large and sure keeps the champion, also where the mean rises."""
    slices = ["short:en"] * 500 + ["short:zh"] * 500
    champion = np.concatenate([right(0.5, 500), right(0.9, 500)])
    candidate = np.concatenate([right(0.7, 500), right(0.8, 500)])
    verdict = judge(evidence(candidate, champion, slices=slices), POLICY)
    assert verdict.decision == "keep"
    assert verdict.reason.startswith("Kept: short:zh against the champion: a loss of 10.0 points")


@pytest.mark.parametrize(
    ("won", "lost", "rows", "decision", "note"),
    [
        (0, 2, 200, "promote", ""),
        (0, 15, 2_000, "promote", ""),
        (3, 6, 200, "promote", "a loss of 1.5 points that may be chance"),
        (0, 4, 200, "keep", "a loss of 2.0 points (between "),
        (12, 20, 200, "keep", "a loss of 4.0 points (between "),
    ],
)
def test_a_loss_keeps_a_candidate_out_where_it_is_large_and_sure(
    won: int, lost: int, rows: int, decision: Decision, note: str
) -> None:
    """One page of a hundred is tolerated; of nine that differ three more lost than won may be chance."""
    differences = column(won, lost, rows)
    judged = evidence(differences >= 0, differences <= 0, rung="refit", slices=["page:en"] * rows)
    verdict = judge(judged, Gate(max_loss_points=5.0))
    loss = next(check for check in verdict.checks if check.name == f"page:en {AGAINST_CHAMPION}")
    assert (verdict.decision, loss.passed) == (decision, decision == "promote")
    assert note in loss.note


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_verdict_can_be_kept_as_json(number: float) -> None:
    """JSON has no such numbers, and a record that can't be read back would stop every gate after it."""
    judged = evidence(right(0.9, ROWS), right(0.8, ROWS), milliseconds=number)
    verdict = recorded(judge(judged, POLICY), 2, 1)
    encoded = msgspec.json.encode(verdict)
    assert msgspec.json.decode(encoded, type=Verdict) == verdict
    assert "null" not in [check["value"] for check in json.loads(encoded)["checks"]]


def test_equal_evidence_has_an_equal_verdict() -> None:
    """Asked again, the gate says the same."""
    one, again = (judge(evidence(right(0.85, ROWS), right(0.8, ROWS)), POLICY) for _ in range(2))
    assert one == again


def test_a_first_model_that_another_came_before_must_be_better() -> None:
    """It was planned when nothing served, and is judged when something does."""
    names = [check.name for check in judge(evidence(right(0.8, 400), right(0.8, 400), rung="first"), POLICY).checks]
    assert BETTER in names
