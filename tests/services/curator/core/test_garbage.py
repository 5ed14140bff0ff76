"""Tests of what is garbage: never what anybody needs, and in the end all else."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.curator.core.garbage import Keep, old_versions, orphans
from tests.services.curator.builders import NOW

HOUR = timedelta(hours=1)
KEEP = Keep(versions=2, version_age=2 * HOUR, shard_grace=HOUR)


def ago(hours: float) -> datetime:
    """Give the moment so many hours ago."""
    return NOW - timedelta(hours=hours)


def test_old_versions_go_but_for_the_last_and_the_needed() -> None:
    """A ready version may be trained on at any time."""
    made = {1: ago(9), 2: ago(8), 3: ago(7), 4: ago(6), 5: ago(5)}
    assert old_versions(made, {2}, KEEP, NOW) == [1, 3]


def test_young_versions_stay() -> None:
    """Somebody may be reading one."""
    made = {1: ago(3), 2: ago(1), 3: ago(0.5), 4: ago(0.4)}
    assert old_versions(made, set(), KEEP, NOW) == [1]


def test_the_head_stays_whatever_the_policy() -> None:
    """Even one that keeps nothing."""
    nothing = Keep(0, timedelta(0), timedelta(0))
    assert old_versions({1: ago(9), 2: ago(8)}, set(), nothing, NOW) == [1]


def test_unnamed_shards_go_after_their_grace() -> None:
    """Before, their manifest may be on the way."""
    shards = [("named", ago(9)), ("old", ago(2)), ("young", ago(0.5)), ("at the bound", ago(1))]
    assert orphans(shards, {"named"}, KEEP, NOW) == ["old"]


@given(
    made=st.dictionaries(st.integers(1, 40), st.integers(0, 50)),
    needed=st.sets(st.integers(1, 40)),
    last=st.integers(0, 5),
    age=st.integers(0, 50),
)
def test_no_version_that_is_needed_ever_goes(made: dict[int, int], needed: set[int], last: int, age: int) -> None:
    """Head, ready, last and young ones stay; everything else goes, whatever there is."""
    keep = Keep(last, age * HOUR, HOUR)
    gone = set(old_versions({version: ago(hours) for version, hours in made.items()}, needed, keep, NOW))
    newest = sorted(made)[-max(1, last) :]
    safe = needed | set(newest) | {version for version, hours in made.items() if hours <= age}
    assert gone == made.keys() - safe


@given(
    shards=st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 9)),
    named=st.sets(st.sampled_from("abcdefgh")),
    grace=st.integers(0, 9),
)
def test_no_shard_that_is_named_or_young_ever_goes(shards: dict[str, int], named: set[str], grace: int) -> None:
    """Everything else goes."""
    keep = Keep(1, HOUR, grace * HOUR)
    gone = orphans(((key, ago(hours)) for key, hours in shards.items()), named, keep, NOW)
    assert gone == sorted(key for key, hours in shards.items() if key not in named and hours > grace)
