"""Tests of what the gate holds a candidate to, by what was promoted and taken back before it."""

from datetime import UTC, datetime

import pytest

from services.trainer.core.promotion import (
    AGAINST_BEST,
    AGAINST_CHAMPION,
    OVERALL,
    Judgement,
    best_so_far,
    judge,
    rung_of,
    taken_back,
)
from shared.flywheel.learning import Gate
from shared.models.aliases import Aliases
from shared.models.verdict import Check, Decision, Verdict
from tests.services.trainer.core.comparisons import evidence, recorded, right
from tests.shared.models.builders import manifest

POLICY = Gate()
ROWS = 800
AT = datetime(2026, 1, 1, tzinfo=UTC)


def chain(*changes: tuple[Decision, float | None, float | None]) -> list[Verdict]:
    """Give verdicts on versions 1, 2 …: each its decision, its difference to the champion and to the best."""

    def check(name: str, value: float) -> Check:
        return Check(name=f"{OVERALL} {name}", value=value, bound=-0.5, passed=True)

    names = (AGAINST_CHAMPION, AGAINST_BEST)
    judged = [
        Judgement(decision, "", tuple(check(*one) for one in zip(names, by, strict=True) if one[1] is not None))  # type: ignore[arg-type]
        for decision, *by in changes
    ]
    return [recorded(judgement, number, number - 1 or None) for number, judgement in enumerate(judged, 1)]


@pytest.mark.parametrize(
    ("verdicts", "best"),
    [
        ([], None),
        (chain(("keep", None, None)), None),
        (chain(("promote", None, None)), 1),
        (chain(("promote", None, None), ("promote", 0.4, None)), 2),
        (chain(("promote", None, None), ("promote", -0.4, None)), 1),
        (chain(("promote", None, None), ("keep", 0.4, None)), 1),
        (chain(("promote", None, None), ("promote", -0.4, None), ("promote", 0.3, -0.1)), 1),
        (chain(("promote", None, None), ("promote", -0.4, None), ("promote", 0.5, 0.1)), 3),
        (list(reversed(chain(("promote", None, None), ("promote", -0.4, None)))), 1),
    ],
    ids=["none", "kept", "first", "better", "worse", "better but kept", "below the best", "new best", "any order"],
)
def test_the_best_version_so_far(verdicts: list[Verdict], best: int | None) -> None:
    """The one that no later champion was above, each compared on the rows of its day."""
    assert best_so_far(verdicts) == best


def test_a_version_that_was_compared_with_the_best_is_read_from_its_verdict() -> None:
    """What the gate writes is what the next gate reads."""
    first = judge(evidence(right(0.9, ROWS)), POLICY)
    second = judge(evidence(right(0.897, ROWS), right(0.9, ROWS), rung="refit"), POLICY)
    third = judge(evidence(right(0.898, ROWS), right(0.897, ROWS), rung="refit", best=right(0.9, ROWS)), POLICY)
    verdicts = [recorded(one, number, number - 1 or None) for number, one in enumerate((first, second, third), 1)]
    assert [one.decision for one in verdicts] == ["promote"] * 3
    assert best_so_far(verdicts) == 1


@pytest.mark.parametrize(
    ("recipe", "dataset", "version", "rung"),
    [
        ("a", "help", 5, "refit"),
        ("a", "help", 4, "refit"),
        ("a", "help", 3, "challenge"),
        ("a", "anew", 5, "challenge"),
        ("b", "help", 5, "challenge"),
    ],
    ids=["newer data", "the same data", "older data", "another dataset", "another recipe"],
)
def test_the_burden_of_proof_follows_what_serves(recipe: str, dataset: str, version: int, rung: str) -> None:
    """A champion's own recipe on data that is no older need not be better; all else must."""
    champion = manifest(recipe="a", dataset="help", dataset_version=4)
    assert rung_of(recipe, dataset, version, champion) == rung
    assert rung_of(recipe, dataset, version, None) == "first"


@pytest.mark.parametrize(
    ("changes", "back"),
    [
        ([(1, "v"), (2, "v")], set()),
        ([(1, "v"), (2, "v"), (1, "")], {2}),
        ([(1, "v"), (2, "v"), (1, ""), (3, "v")], {2}),
        ([(1, "v"), (2, "v"), (1, ""), (2, "")], {1}),
        ([(1, "v"), (2, "v"), (1, ""), (2, ""), (3, "v")], {1}),
        ([(1, "v"), (2, "v"), (1, ""), (2, "v")], set()),
    ],
)
def test_what_a_person_replaced_was_taken_back(changes: list[tuple[int, str]], back: set[int]) -> None:
    """Until it serves again; what the gate replaced wasn't."""
    history = [Aliases(champion=one, verdict=verdict, by="t", reason="r", at=AT) for one, verdict in changes]
    assert taken_back(history) == back


def test_what_was_taken_back_is_not_the_best() -> None:
    """Nor is anything judged as if it were."""
    verdicts = chain(("promote", None, None), ("promote", 0.4, None), ("promote", -0.2, -0.5))
    assert best_so_far(verdicts) == 2
    assert best_so_far(verdicts, without={2}) == 1
