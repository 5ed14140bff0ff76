"""Tests of when a version is worth training on, as tables."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shared.datasets.manifest import Manifest
from shared.datasets.readiness import Last, NotReady, Ready, readiness
from shared.flywheel.config import Readiness


def moment(second: int) -> datetime:
    """Give a moment, so many seconds after the beginning."""
    return datetime(2026, 1, 2, tzinfo=UTC) + timedelta(seconds=second)


POLICY = Readiness(new_rows=100, max_age_seconds=3_600, min_rows_per_label=2, quiet_seconds=5)
LAST = Last(version=3, at=moment(0), train_rows=500, corrections=3, content_hash="old", next_offsets={"t/0": 9})


def head(train: int, version: int = 4, content: str = "new", offset: int = 20) -> Manifest:
    """Give a version with so many training rows, committed at second 100."""
    return Manifest(
        dataset="d",
        version=version,
        parent=version - 1 or None,
        created_at=moment(100),
        writer="test",
        rows={"split:train": train},
        content_hash=content,
        next_offsets={"t/0": offset},
    )


NONE_NEW = (
    "0 new training rows of 100, by [dataset.ready] new_rows; "
    "from 2026-01-02 01:00:00 UTC on any new row is enough, by max_age_seconds"
)


def corrected(times: int, train: int = 500, at: int = 100) -> Manifest:
    """Give a version in which customers have changed train so often, the last time at second `at`."""
    return msgspec.structs.replace(head(train), corrections=times, changed_at=moment(at))


@pytest.mark.parametrize(
    ("version", "second", "verdict"),
    [
        (head(600), 105, Ready("new-rows")),
        (head(599), 105, "99 new training rows of 100"),
        (head(600), 104, "rows still come in"),
        (head(600), 100, "rows still come in"),
        (head(600), 99, Ready("new-rows")),
        (head(600, version=3), 105, "nothing has been committed"),
        (head(501), 3_600, Ready("age")),
        (head(500), 3_600, Ready("age")),
        (head(400), 3_600, Ready("age")),
        (head(501), 3_599, "1 new training rows"),
        (head(500, content="old"), 3_600, "0 new training rows"),
        (head(500, offset=9), 3_600, "0 new training rows"),
        (head(0), 3_600, "500 training rows fewer"),
    ],
    ids=[
        "enough",
        "too few",
        "not quiet",
        "just now",
        "by a clock that is ahead",
        "no newer version",
        "old",
        "old, other rows",
        "old, fewer rows",
        "too young",
        "old, no row of it new",
        "old, merged by the curator",
        "no row left",
    ],
)
def test_a_version_is_ready_by_growth_or_by_age(version: Manifest, second: int, verdict: Ready | str) -> None:
    """Once nothing comes in any more."""
    found = readiness(version, LAST, POLICY, moment(second))
    if isinstance(verdict, Ready):
        assert found == verdict
    else:
        assert isinstance(found, NotReady)
        assert found.reason.startswith(verdict)


def test_what_is_not_enough_is_said_with_its_key_and_until_when() -> None:
    """The words stay the same while it waits, so that a log has them once; nothing is said of a version that isn't."""
    beginning = Last(version=0, at=moment(60))
    found = {readiness(head(28, version=1), beginning, POLICY, moment(second)) for second in (105, 200, 3_000)}
    (verdict,) = found
    assert isinstance(verdict, NotReady)
    assert verdict.reason == (
        "28 new training rows of 100, by [dataset.ready] new_rows; "
        "from 2026-01-02 01:01:00 UTC on any new row is enough, by max_age_seconds"
    )


def test_the_first_version_is_ready_by_the_same_rule() -> None:
    """Its age counts from the beginning of the dataset."""
    beginning = Last(version=0, at=moment(0))
    assert readiness(head(100, version=1), beginning, POLICY, moment(105)) == Ready("new-rows")
    assert readiness(head(9, version=1), beginning, POLICY, moment(3_600)) == Ready("age")
    assert isinstance(readiness(head(0, version=1), beginning, POLICY, moment(9_000)), NotReady)


def test_a_policy_of_no_new_rows_still_wants_one() -> None:
    """Each commit of nothing new would be a version to train on otherwise."""
    policy = POLICY.model_copy(update={"new_rows": 0})
    assert isinstance(readiness(head(500), LAST, policy, moment(105)), NotReady)
    assert readiness(head(501), LAST, policy, moment(105)) == Ready("new-rows")


@pytest.mark.parametrize(
    ("version", "last", "verdict"),
    [
        (corrected(4), LAST, Ready("correction")),
        (corrected(4, train=600), LAST, Ready("new-rows")),
        (corrected(3), LAST, NONE_NEW),
        (
            corrected(4),
            replace(LAST, version=0),
            NONE_NEW,
        ),
        (corrected(4, at=101), LAST, "rows still come in: the last commit is less than 5 s ago"),
    ],
    ids=["one more", "and many rows", "known already", "nothing to correct yet", "not quiet"],
)
def test_a_correction_alone_makes_a_version_ready(version: Manifest, last: Last, verdict: Ready | str) -> None:
    """Once, and not before there is a version that it corrects."""
    found = readiness(version, last, POLICY, moment(105))
    assert (found.reason if isinstance(found, NotReady) else found) == verdict


def test_commits_that_change_no_row_are_not_waited_out() -> None:
    """Thumbs come all day, and each batch of them is a commit."""
    version = msgspec.structs.replace(head(600), changed_at=moment(90))
    assert readiness(version, LAST, POLICY, moment(95)) == Ready("new-rows")
    assert isinstance(readiness(version, LAST, POLICY, moment(94)), NotReady)
