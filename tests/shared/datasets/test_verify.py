"""Tests of verification: a sound version has no problem, and each rule, broken by hand, is told by name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec
import pytest

from shared.contracts.split import Split
from shared.datasets.manifest import Manifest, Tombstone
from shared.datasets.rows import Row
from shared.datasets.store import DatasetStore
from shared.datasets.verify import Problem, problems
from tests.shared.datasets.builders import dataset, lineage, manifest, row, rows, stone

OLD = row("d1", made=lineage(group_id="g1", content_hash="old"))
NEW = row("d1", made=lineage(group_id="g1", content_hash="new"), cluster_id="c1")
TITLE = row("d1", made=lineage(group_id="g1", content_hash="new"), cluster_id="c1", kind="title")
COPY = row("d1", made=lineage(group_id="g1", content_hash="new", op="swap", op_version=1), cluster_id="c1")
SPARE = row("d2", made=lineage(group_id="g2"), cluster_id="c1")
TEST = row(
    "d3",
    made=lineage(group_id="g3", split_hint=Split.TEST),
    split=Split.TEST,
    labels={"application": "calc"},
)
TEST_COPY = row("d3", made=lineage(group_id="g3", split_hint=Split.TEST, op="swap", op_version=1), split=Split.TEST)
ROWS = [OLD, NEW, TITLE, COPY, SPARE, TEST]
STONES = (stone(OLD), stone(SPARE, "duplicate"))


def found(store: DatasetStore, made: Manifest) -> list[Problem]:
    """Verify a version."""
    return list(problems(made, store.read_shard))


def test_a_sound_version_has_no_problem() -> None:
    """With an old edition, several rows of one page, a copy, a spare, a test row, and an erased document."""
    store = dataset()
    gone = Tombstone(document_id="d9", edition="", reason="erased")
    assert found(store, manifest(store, [ROWS[:3], ROWS[3:]], (*STONES, gone))) == []
    assert found(store, manifest(store, [])) == []


@dataclass(frozen=True)
class Broken:
    """A sound version with one thing wrong, and what is to be said of it."""

    problem: tuple[str, str, str]
    rows: Sequence[Row] = field(default_factory=lambda: ROWS)
    stones: Sequence[Tombstone] = STONES
    change: Callable[[DatasetStore, Manifest], Manifest] = lambda _store, made: made


def _altered(store: DatasetStore, made: Manifest) -> Manifest:
    key = made.shards[1].key
    data = store.store.get(key)
    store.store.put(key, data[:-9] + b"x" + data[-8:])
    return msgspec.structs.replace(made, rows=made.rows)


def _lost(store: DatasetStore, made: Manifest) -> Manifest:
    store.store.delete(made.shards[1].key)
    return made


def _renamed(store: DatasetStore, made: Manifest) -> Manifest:
    first, second = made.shards
    store.store.put("other.parquet", store.store.get(second.key))
    return msgspec.structs.replace(made, shards=(first, msgspec.structs.replace(second, key="other.parquet")))


def _more_rows(_store: DatasetStore, made: Manifest) -> Manifest:
    first, second = made.shards
    return msgspec.structs.replace(made, shards=(first, msgspec.structs.replace(second, rows=7)))


def _counts(**changes: int) -> Callable[[DatasetStore, Manifest], Manifest]:
    return lambda _store, made: msgspec.structs.replace(
        made, rows=made.rows | {key.replace("__", ":"): value for key, value in changes.items()}
    )


ERASED = Tombstone(document_id="d2", edition="", reason="erased")

BROKEN = {
    "an altered shard": Broken(("damaged-shard", "shard", "altered"), [*ROWS[:5]], change=_altered),
    "a lost shard": Broken(("damaged-shard", "shard", "gone"), [*ROWS[:5]], change=_lost),
    "a shard of other rows": Broken(("shard-rows", "shard", "says 7, and it is 3"), change=_more_rows),
    "a shard named twice": Broken(
        ("shard-twice", "shard", "2 times"),
        change=lambda _store, made: msgspec.structs.replace(made, shards=(*made.shards, made.shards[0])),
    ),
    "another content hash": Broken(
        ("content-hash", "version 1", "says 00, and it is"),
        change=lambda _store, made: msgspec.structs.replace(made, content_hash="00"),
    ),
    "a count too high": Broken(("counts", "total", "says 5, and it is 4"), change=_counts(total=5)),
    "a count of nothing": Broken(("counts", "language:fr", "says 1, and it is 0"), change=_counts(language__fr=1)),
    "a row twice": Broken(("row-twice", NEW.row_id, "in datasets/help/shards/"), [*ROWS, NEW]),
    "a dead row twice": Broken(("row-twice", OLD.row_id, "in datasets/help/shards/"), [*ROWS, OLD]),
    "a group in two splits": Broken(
        ("group-in-two-splits", "g3", "test, train"), [*ROWS, row("d4", made=lineage(group_id="g3"))]
    ),
    "a split that the group has not": Broken(
        ("split", TEST.row_id, "says test, and it is train"),
        [*ROWS[:5], row("d3", made=lineage(group_id="g3"), split=Split.TEST)],
    ),
    "a row without a group": Broken(
        ("split", row("d3").row_id, "no group"), [*ROWS[:5], row("d3", made=lineage(group_id=""))]
    ),
    "another row's id": Broken(("row-id", "0" * 32, f"says {'0' * 32}"), [*ROWS[:5], row("d3", row_id="0" * 32)]),
    "another edition": Broken(("row-id", row("d3").row_id, "says edition e, and"), [*ROWS[:5], row("d3", edition="e")]),
    "a shard under another name": Broken(
        ("shard-key", "shard", "other.parquet, and it is datasets/help/shards/"), change=_renamed
    ),
    "two live editions": Broken(("two-live-editions", "d1", f"{NEW.edition}"), stones=STONES[1:]),
    "two live in a cluster": Broken(("two-live-in-a-cluster", "c1", f"d1@{NEW.edition}, d2@"), stones=STONES[:1]),
    "the cluster's first document live too": Broken(
        ("two-live-in-a-cluster", "d3", "d3@"), [*ROWS, row("d4", made=lineage(group_id="g4"), cluster_id="d3")]
    ),
    "a copy outside train": Broken(
        ("copy-outside-train", TEST_COPY.row_id, "made by swap, and in test"), [*ROWS, TEST_COPY]
    ),
    "an erased document": Broken(("erased-present", "d2", "1 of its rows"), stones=(STONES[0], ERASED)),
    "an erased edition": Broken(("erased-present", "d2", "1 of its rows"), stones=(STONES[0], stone(SPARE, "erased"))),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_violation_is_told_by_name(name: str) -> None:
    """It alone, but for the counts that a damaged shard takes with it and the rows that a shard named twice repeats."""
    broken, store = BROKEN[name], dataset()
    made = broken.change(store, manifest(store, [broken.rows[:3], broken.rows[3:]], broken.stones))
    violation, subject, detail = broken.problem
    told = found(store, made)
    said = [problem for problem in told if problem.violation == violation]
    others = {problem.violation for problem in told} - {violation}
    assert len(said) == 1
    assert said[0].subject == subject or (subject == "shard" and said[0].subject in {one.key for one in made.shards})
    assert detail in said[0].detail
    assert others <= {"damaged-shard": {"counts"}, "shard-twice": {"content-hash"}}.get(violation, set())


def test_every_problem_is_told_not_only_the_first() -> None:
    """Of five documents in one cluster four are named."""
    store = dataset()
    made = manifest(store, [rows(6, cluster_id="c")], content_hash="00")
    told = found(store, made)
    assert [problem.violation for problem in told] == ["content-hash", "two-live-in-a-cluster"]
    assert told[1].detail.endswith(" and 2 more")


def test_dead_rows_break_no_rule_about_live_ones() -> None:
    """A group that changed its split with a new edition, and a copy that was superseded."""
    store = dataset()
    dead = [
        row("d1", made=lineage(group_id="g1", content_hash="a", split_hint=Split.TEST), split=Split.TEST),
        row("d1", made=lineage(group_id="g1", content_hash="a", split_hint=Split.TEST, op="swap"), split=Split.TEST),
    ]
    assert found(store, manifest(store, [[*dead, NEW]], [stone(dead[0])])) == []
