"""The gate: whether a candidate takes the champion's place, and why. Pure: equal evidence, equal verdict.

**Overall** is the mean over slices (`page:en`, `short:zh` …), so that a thousand headings don't drown a hundred pages.
A slice with fewer than `min_slice_rows` rows is reported and decides nothing; where no slice has as many, all rows
count as one.

**A loss counts where it is large and sure**: the difference is below what is tolerated, and its upper confidence bound
is below zero. To ask that the *lower* bound be above minus one point is to ask what no model can show: on 161 pages the
bounds of two equally good models are 2 to 4 points away. To go by the difference alone would keep every second
candidate for the noise of its smallest slice. What a gate of this kind lets through, small losses that can't be told
from chance, must not add up: so the same rule holds against the best version so far, asked the same rows, from which
any number of small steps down is one large one. Rates by simulation: docs/decisions/0016-the-gate.md.

**Each rung has its burden of proof.** A *refit* is the champion's recipe on newer data: that it is newer is the reason
to take it, and losses alone speak against it. A *challenge* is all else, such as another recipe, and must be better: a
lower bound above zero overall or in a slice, at a confidence that is divided among these questions (Bonferroni), so
that noise is promoted no oftener than `confidence` says, however many slices there are; and what it wins in one slice
it may not lose in the others, so two recipes can't take turns. The *first* model must beat the commonest label.

A difference that can't be measured, an answer that is no number, a correction that isn't learnt: the champion stays.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from services.trainer.core.bootstrap import DRAWS, Differences, Estimate, resample
from services.trainer.core.evidence import Correct, Evidence, Sample
from shared.flywheel.learning import Gate
from shared.models.aliases import Aliases
from shared.models.manifest import ModelManifest
from shared.models.runs import Rung
from shared.models.verdict import Check, Decision, Verdict

OVERALL: Final = "overall"
ALL_ROWS: Final = "all rows"
AGAINST_CHAMPION: Final = "against the champion"
AGAINST_BEST: Final = "against the best so far"
BETTER: Final = "better than the champion"
BETTER_THAN_COMMONEST: Final = "better than the commonest label"
ACCURACY: Final = "accuracy"


@dataclass(frozen=True)
class Judgement:
    """What the gate decided, the reason as one sentence for a person, and every number that it looked at."""

    decision: Decision
    reason: str
    checks: tuple[Check, ...]


def judge(evidence: Evidence, policy: Gate, draws: int = DRAWS) -> Judgement:
    """Decide by `policy` whether the candidate of `evidence` is promoted, by so many `draws` of the bootstrap."""
    if len(evidence.candidate) == 0:
        return Judgement("keep", "Kept: there is no validation row to judge it on.", ())
    columns = _Columns.of(evidence, policy, draws)
    checks = (
        *_serving(evidence, policy),
        *_accuracies(columns, evidence),
        *_comparisons(columns, evidence, policy),
    )
    failed = [check for check in checks if not check.passed]
    if failed:
        more = f"; and {len(failed) - 1} more" if len(failed) > 1 else ""
        return Judgement("keep", f"Kept: {failed[0].note}{more}.", checks)
    return Judgement("promote", _praise(checks, evidence), checks)


def rung_of(recipe: str, dataset: str, version: int, champion: ModelManifest | None) -> Rung:
    """Name the burden of proof of a candidate of `recipe` that learnt from a dataset version; None where none serves.

    What serves may have changed since the run was planned, so it is asked again when the candidate is judged.
    """
    if champion is None:
        return "first"
    newer = dataset == champion.dataset and version >= champion.dataset_version
    return "refit" if newer and recipe == champion.recipe else "challenge"


def best_so_far(verdicts: Iterable[Verdict], without: Collection[int] = ()) -> int | None:
    """Give the version that candidates are held to: the last one promoted that wasn't below the best before it.

    Versions `without` are passed over, as those that were taken back.
    """
    best: int | None = None
    for verdict in sorted(verdicts, key=lambda one: one.at):
        if verdict.decision == "promote" and verdict.candidate not in without:
            differences = {check.name: check.value for check in verdict.checks}
            to_champion = differences.get(f"{OVERALL} {AGAINST_CHAMPION}", 0.0)
            if best is None or differences.get(f"{OVERALL} {AGAINST_BEST}", to_champion) >= 0:
                best = verdict.candidate
    return best


def taken_back(history: Iterable[Aliases]) -> set[int]:
    """Give the versions that a person replaced, by rollback or by another of their choice, unless they served again."""
    back: set[int] = set()
    for before, after in pairwise(history):
        if not after.verdict:
            back.add(before.champion)
        back.discard(after.champion)
    return back


@dataclass(frozen=True)
class _Columns:
    """Which rows belong together, and the slices that decide."""

    groups: Sequence[str]
    slices: Sequence[str]
    deciding: tuple[str, ...]
    draws: int

    @classmethod
    def of(cls, evidence: Evidence, policy: Gate, draws: int) -> "_Columns":
        names, rows = np.unique(np.asarray(evidence.slices), return_counts=True)
        deciding = tuple(str(name) for name in names[rows >= policy.min_slice_rows])
        if deciding:
            return cls(evidence.groups, evidence.slices, deciding, draws)
        return cls(evidence.groups, [ALL_ROWS] * len(evidence.slices), (ALL_ROWS,), draws)

    def compare(self, first: Correct, second: Correct) -> Differences:
        return resample(first.astype(np.int8) - second.astype(np.int8), self.groups, self.slices, draws=self.draws)


def _serving(evidence: Evidence, policy: Gate) -> Iterator[Check]:
    """Check what needs no other model: sound answers, corrections, size and time."""
    unusable, asked = evidence.unusable, evidence.corrections
    yield Check(
        name="answers that are no number",
        value=unusable,
        bound=0,
        passed=unusable == 0,
        note=f"{unusable:,} answers hold a probability that is no number" if unusable else "",
    )
    missed = asked.asked - asked.right
    contradicted = f"{asked.contradicted} contradict one another and don't count" if asked.contradicted else ""
    yield Check(
        name="corrections answered right",
        value=asked.right,
        bound=asked.asked,
        passed=missed == 0,
        rows=asked.asked + asked.contradicted,
        note=f"{missed} of {asked.asked} accepted corrections not learnt" if missed else contradicted,
    )
    yield _budget("megabytes that serve", evidence.bytes / 1e6, policy.max_megabytes)
    yield _budget("milliseconds a text, 95th percentile", evidence.milliseconds, policy.max_milliseconds)


def _budget(name: str, value: float, bound: float) -> Check:
    if not np.isfinite(value):
        return Check(name=name, value=0, bound=bound, passed=False, note=f"{name}: not measured")
    note = f"{name}: {value:.1f}, of {bound:g} allowed" if value > bound else ""
    return Check(name=name, value=round(value, 3), bound=bound, passed=value <= bound, note=note)


def _accuracies(columns: _Columns, evidence: Evidence) -> Iterator[Check]:
    """Report the candidate's accuracy in percent, by slice and overall, beside the baseline's."""
    places = np.asarray(columns.slices)
    by_slice = {str(name): evidence.candidate[places == name] for name in np.unique(places)}
    for name, correct in by_slice.items():
        few = () if name in columns.deciding else (f"{len(correct)} rows are too few to decide anything",)
        note = ", ".join((*few, *_beside(evidence, [name])))
        yield _reported(f"{name} {ACCURACY}", float(correct.mean()), len(correct), note)
    deciding = [by_slice[name] for name in columns.deciding]
    mean = float(np.mean([correct.mean() for correct in deciding]))
    note = ", ".join(_beside(evidence, columns.deciding))
    yield _reported(f"{OVERALL} {ACCURACY}", mean, sum(map(len, deciding)), note)


def _beside(evidence: Evidence, slices: Sequence[str]) -> tuple[str, ...]:
    """Say what the baseline reaches on these slices, on the mean; nothing where that isn't known."""
    known = [evidence.baseline[name] for name in slices if name in evidence.baseline]
    return (f"TF-IDF {100 * float(np.mean(known)):.1f}",) if len(known) == len(slices) else ()


def _reported(name: str, accuracy: float, rows: int, note: str) -> Check:
    return Check(name=name, value=_points(accuracy), bound=0, passed=True, rows=rows, note=note)


def _comparisons(columns: _Columns, evidence: Evidence, policy: Gate) -> Iterator[Check]:
    """Check the candidate against its own fp32 graph, and against what it would replace."""
    if evidence.fp32 is not None and len(evidence.fp32.rows):
        yield _int8(evidence, evidence.fp32, policy)
    if evidence.champion is None:
        gain = columns.compare(evidence.candidate, evidence.commonest).mean(columns.deciding)
        yield _gain(BETTER_THAN_COMMONEST, {OVERALL: gain}, policy.confidence)
        return
    found = columns.compare(evidence.candidate, evidence.champion)
    overall = found.mean(columns.deciding)
    deciding = {slice_: found.of(slice_) for slice_ in columns.deciding}
    if evidence.rung != "refit":
        yield _gain(BETTER, {OVERALL: overall, **deciding}, policy.confidence)
    yield _loss(f"{OVERALL} {AGAINST_CHAMPION}", overall, policy.max_loss_points, policy.loss_confidence)
    for slice_, estimate in deciding.items():
        yield _loss(f"{slice_} {AGAINST_CHAMPION}", estimate, policy.max_slice_loss_points, policy.loss_confidence)
    if evidence.best is not None:
        best = columns.compare(evidence.candidate, evidence.best).mean(columns.deciding)
        yield _loss(f"{OVERALL} {AGAINST_BEST}", best, policy.max_loss_points, policy.loss_confidence)


def _int8(evidence: Evidence, sample: Sample, policy: Gate) -> Check:
    difference = evidence.candidate[sample.rows].astype(np.int8) - sample.correct.astype(np.int8)
    groups = [evidence.groups[row] for row in sample.rows]
    loss = resample(difference, groups, [ALL_ROWS] * len(groups)).of(ALL_ROWS)
    return _loss("int8 against fp32", loss, policy.max_int8_loss_points, policy.loss_confidence)


def _loss(name: str, estimate: Estimate, tolerated: float, confidence: float) -> Check:
    """Check that `estimate` is no loss that is both larger than `tolerated` points and sure."""
    value, low, high = (_points(one) for one in (estimate.value, estimate.low(confidence), estimate.high(confidence)))
    large = value < -tolerated
    sure = high < 0
    note = ""
    if large:
        between = f"between {-high:.1f} and {-low:.1f} at {100 * confidence:g} % confidence"
        note = f"{name}: a loss of {-value:.1f} points ({between}), of {tolerated:g} tolerated"
        note = note if sure else f"a loss of {-value:.1f} points that may be chance"
    return Check(
        name=name,
        value=value,
        bound=-tolerated,
        passed=not (large and sure),
        low=low,
        high=high,
        rows=estimate.rows,
        note=note,
    )


def _gain(name: str, estimates: dict[str, Estimate], confidence: float) -> Check:
    """Check that one of `estimates` is surely above zero, and overall isn't below; they share the confidence."""
    each = 1 - (1 - confidence) / len(estimates)
    place, best = max(estimates.items(), key=lambda one: one[1].low(each))
    value, low, high = (_points(one) for one in (best.value, best.low(each), best.high(each)))
    overall = _points(estimates[OVERALL].value)
    found = f"{place} by {value:.1f} points, between {low:.1f} and {high:.1f} at {100 * each:g} % confidence"
    passed = low > 0 and overall > 0
    note = f"nowhere surely {name}: most likely {found}"
    if low > 0:
        note = found if passed else f"{name} {found}, but not overall, which changes by {overall:+.1f}"
    return Check(name=name, value=value, bound=0, passed=passed, low=low, high=high, rows=best.rows, note=note)


def _praise(checks: Sequence[Check], evidence: Evidence) -> str:
    """Say in a sentence why the candidate is promoted."""
    by_name = {check.name: check for check in checks}
    accuracy = by_name[f"{OVERALL} {ACCURACY}"]
    reached = ", ".join(part for part in (f"{accuracy.value:.1f} % over the slices", accuracy.note) if part)
    if evidence.champion is None:
        return f"The first model: {reached}; better than the commonest label {by_name[BETTER_THAN_COMMONEST].note}."
    if BETTER in by_name:
        return f"Better than the champion: {by_name[BETTER].note}, and surely worse nowhere; {reached}."
    against = by_name[f"{OVERALL} {AGAINST_CHAMPION}"]
    between = f"between {against.low:+.1f} and {against.high:+.1f}"
    return f"Newer data, and surely worse nowhere: {against.value:+.1f} points overall ({between}); {reached}."


def _points(share: float) -> float:
    return round(100 * share, 3)
