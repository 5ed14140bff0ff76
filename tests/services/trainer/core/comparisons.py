"""Short constructors of what the gate looks at: differences of two models, and evidence with little said."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from services.trainer.core.evidence import NO_CORRECTIONS, Correct, Corrections, Evidence, Sample
from services.trainer.core.promotion import Judgement
from shared.models.runs import Rung
from shared.models.verdict import Verdict, verdict_id

SLICES = ("page:en", "page:zh", "short:en", "short:zh")


def column(won: int, lost: int, rows: int) -> NDArray[np.int8]:
    """Give differences: so many rows won, so many lost, and the rest equal."""
    differences = np.zeros(rows, dtype=np.int8)
    differences[:won] = 1
    differences[won : won + lost] = -1
    return differences


def right(share: float, rows: int) -> Correct:
    """Give answers of which the first so many are right."""
    return np.arange(rows) < share * rows


def in_slices(rows: int, slices: Sequence[str] = SLICES) -> list[str]:
    """Deal rows to slices in turn."""
    return [slices[row % len(slices)] for row in range(rows)]


def evidence(  # noqa: PLR0913 - each by its name, all but one with a default
    candidate: Sequence[bool] | Correct,
    champion: Sequence[bool] | Correct | None = None,
    *,
    rung: Rung = "challenge",
    groups: Sequence[str] | None = None,
    slices: Sequence[str] | None = None,
    commonest: Correct | None = None,
    best: Correct | None = None,
    fp32: Sample | None = None,
    corrections: Corrections = NO_CORRECTIONS,
    unusable: int = 0,
    megabytes: float = 3.0,
    milliseconds: float = 1.0,
    baseline: dict[str, float] | None = None,
) -> Evidence:
    """Give evidence on rows that are each a group of their own, dealt to four slices; the commonest label is no use."""
    answers = np.asarray(candidate, dtype=np.bool_)
    return Evidence(
        rung="first" if champion is None else rung,
        groups=[f"page {row}" for row in range(len(answers))] if groups is None else groups,
        slices=in_slices(len(answers)) if slices is None else slices,
        candidate=answers,
        commonest=np.zeros_like(answers) if commonest is None else commonest,
        champion=None if champion is None else np.asarray(champion, dtype=np.bool_),
        best=best,
        fp32=fp32,
        corrections=corrections,
        unusable=unusable,
        bytes=int(megabytes * 1e6) if np.isfinite(megabytes) else 0,
        milliseconds=milliseconds,
        baseline=baseline or {},
    )


def flipped(answers: Correct, share: float, *, seed: int = 0) -> Correct:
    """Answer a share of the rows the other way, right or wrong."""
    return np.where(np.random.default_rng(seed).random(len(answers)) < share, ~answers, answers)


def recorded(judgement: Judgement, candidate: int, champion: int | None) -> Verdict:
    """Give the record of a judgement, a day a version."""
    return Verdict(
        id=verdict_id(candidate, champion),
        model="router",
        candidate=candidate,
        champion=champion,
        decision=judgement.decision,
        reason=judgement.reason,
        at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=candidate),
        checks=judgement.checks,
    )
