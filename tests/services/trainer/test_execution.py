"""Tests of one run, step by step, in memory: what it leaves, and what it does when others come between."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from services.trainer.core.golden import TEXTS
from services.trainer.execution import Bench, Execution, seldom
from services.trainer.machine import Machine
from services.trainer.order import Order
from shared.contracts.split import Split
from shared.datasets.shard import DamagedShard
from shared.models.aliases import Aliases
from shared.models.manifest import CARD, GOLDEN, GoldenAnswer, ModelManifest
from shared.models.run_store import LeaseLost
from shared.models.runs import Outcome
from shared.models.verdict import Verdict
from tests.services.trainer.builders import page, pages
from tests.services.trainer.orders import FatedStore
from tests.services.trainer.shelf import Shelf
from tests.services.trainer.tiny import Tiny
from tests.shared.datasets.builders import lineage
from tests.shared.models.builders import signer, trust


@dataclass
class Room:
    """A shelf in memory, and runs on it one after another; `told` are the versions that gateways were told of.

    `shown` are those that a registry was shown, with what the gate said.
    """

    folder: Path
    shelf: Shelf = field(default_factory=lambda: Shelf(recipes=("good", "blind", "other", "originals")))
    told: list[int] = field(default_factory=list)
    shown: list[tuple[int, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    holders: int = 0

    def execution(self, order: Order, after: Callable[[str], None] = lambda _: None) -> Execution:
        """Give the execution of an order by the next holder; `after` is told of each effect."""
        self.holders += 1
        folder = self.folder / f"holder-{self.holders}"
        at = datetime.now(UTC) + timedelta(days=self.holders)  # the lease before is over
        lease = self.shelf.runs.acquire(order.run, folder.name, at, 1)
        assert lease is not None
        bench = Bench(
            store=FatedStore(self.shelf.store, lambda effect, _: after(effect)),
            signer=signer(),
            trust=trust(),
            tell=lambda _, __, manifest, ___: self.told.append(manifest.version),
            show=self._show,
            task=Tiny(Machine(self.folder)),
            folder=folder,
            cache=self.folder / "cache",
            threads=2,
            now=lambda: datetime.now(UTC),
            progress=self.said.append,
        )
        return Execution(order, lease, bench)

    def _show(self, manifest: ModelManifest, verdict: Verdict, _: Aliases | None) -> str:
        self.shown.append((manifest.version, verdict.decision))
        return "it is away"

    def order(self, recipe: str = "good", champion: str | None = None) -> Order:
        """Give the order of a recipe on a new dataset version; `champion` names the recipe of what serves."""
        return self.shelf.an_order(self.shelf.commit(), recipe, champion)

    def champion(self) -> int | None:
        """Name the version that serves."""
        aliases = self.shelf.models.aliases()
        return None if aliases is None else aliases.champion


@pytest.fixture
def room(tmp_path: Path) -> Room:
    """Give an empty one."""
    return Room(tmp_path)


def test_a_run_leaves_a_version_that_says_where_it_comes_from(room: Room) -> None:
    """Dataset, recipe, accuracies, cost, the answers that it must give again; and TensorBoard's files."""
    order = room.order()
    execution = room.execution(order)
    outcome = execution.run()
    assert (outcome.version, outcome.decision, room.champion(), room.told) == (1, "promote", 1, [1])
    assert (room.shown, execution.unshown) == ([(1, "promote")], "it is away")
    made = room.shelf.models.read(1, trust())
    assert (made.dataset, made.dataset_version, made.dataset_sha256) == ("help", 1, order.dataset.sha256)
    assert (made.recipe, made.run, made.evaluation_set, made.champion) == ("good", order.run, "help/0001", None)
    assert made.metrics == dict.fromkeys(
        ("validation.page:en", "validation.overall", "test.page:en", "test.overall"), 1.0
    )
    assert made.baseline.keys() == made.metrics.keys()
    card = room.shelf.models.fetch(made, [CARD], room.folder)[CARD].read_text()
    assert "help" in card
    assert "MPL-2.0" in card
    assert made.cost.rows == 48
    assert made.cost.cpu_seconds > 0
    assert {"read", "train", "evaluate", "upload", "train.fit"} <= made.cost.stages.keys()
    golden = room.shelf.models.fetch(made, [GOLDEN], room.folder)[GOLDEN].read_bytes()
    answers = msgspec.json.decode(golden, type=list[GoldenAnswer])
    assert [answer.text for answer in answers] == list(TEXTS)
    assert room.shelf.store.get(f"runs/{order.run}/tensorboard/events.out") == b"loss 0"
    assert room.said[:3] == ["reading the dataset", "training on 48 rows", "epoch 1 of 2"]


@pytest.mark.parametrize(("recipe", "learnt"), [("good", 49), ("originals", 48)])
def test_copies_are_learnt_from_unless_a_recipe_says_no(room: Room, recipe: str, learnt: int) -> None:
    """Its cost says of how many rows it was made."""
    made = lineage(op="swap", parent_id="its page", group_id="help:/copied")
    copy = msgspec.structs.replace(page(1, "calc", Split.TRAIN, text="cells in a copy"), row_id="c" * 32, lineage=made)
    order = room.shelf.an_order(room.shelf.commit([*pages(), copy]), recipe)
    assert room.execution(order).run().decision == "promote"
    assert room.shelf.models.read(1, trust()).cost.rows == learnt


def test_a_challenger_that_is_no_better_is_kept_back(room: Room) -> None:
    """It leaves a version without an alias, and nobody is told."""
    room.execution(room.order()).run()
    outcome = room.execution(room.order("blind", "good")).run()
    assert (outcome.version, outcome.decision, room.champion(), room.told) == (2, "keep", 1, [1])
    assert outcome.verdict == "00000002-over-00000001"
    assert room.shown == [(1, "promote"), (2, "keep")]
    assert "better" in outcome.reason


def test_where_the_champion_changes_meanwhile_the_gate_is_asked_again(room: Room) -> None:
    """The verdict holds for one champion alone."""
    room.execution(room.order()).run()
    room.execution(room.order("blind", "good")).run()
    changed: list[str] = []

    def meddle(effect: str) -> None:
        if effect == "verdict" and not changed:
            changed.append(effect)
            now = datetime.now(UTC)
            room.shelf.models.promote(2, over=1, verdict="", by="a person", reason="to try", at=now)

    outcome = room.execution(room.order("good", "good"), meddle).run()
    assert [one.id for one in room.shelf.models.verdicts() if one.candidate == 3] == [
        "00000003-over-00000001",
        "00000003-over-00000002",
    ]
    assert (outcome.verdict, outcome.decision, room.champion()) == ("00000003-over-00000002", "promote", 3)


def test_a_refit_of_what_was_rolled_back_meanwhile_must_win_as_any_other(room: Room) -> None:
    """That its data is newer speaks for the recipe that serves alone, and another one serves by now."""
    room.execution(room.order()).run()
    room.execution(room.order("other", "good")).run()
    now = datetime.now(UTC)
    room.shelf.models.promote(2, over=1, verdict="", by="a person", reason="to try", at=now)

    def roll_back(effect: str) -> None:
        if effect == "verdict" and room.champion() == 2:
            room.shelf.models.rollback(by="a person", reason="it is rude", at=now)

    outcome = room.execution(room.order("other", "other"), roll_back).run()
    assert (outcome.verdict, outcome.decision, room.champion()) == ("00000003-over-00000001", "keep", 1)
    assert "nowhere surely better than the champion" in outcome.reason


def test_a_refit_on_older_data_must_win_as_any_other(room: Room) -> None:
    """It failed, a newer version was trained on, and then somebody had it done again."""
    room.execution(room.order()).run()
    older = room.order("good", "good")
    assert room.execution(room.order("good", "good")).run().decision == "promote"
    outcome = room.execution(older).run()
    assert (outcome.version, outcome.decision, room.champion()) == (3, "keep", 2)


@pytest.mark.parametrize("effect", ["checkpoint", "version", "verdict"])
def test_whoever_lost_the_run_publishes_nothing_more(room: Room, effect: str) -> None:
    """A process that was frozen, and wakes up when another has the run, stops; the other finishes it."""
    order = room.order()
    seconds: list[Outcome] = []

    def take_over(done: str) -> None:
        if done == effect and not seconds:
            seconds.append(Outcome(run="", at=datetime.now(UTC)))
            seconds[0] = room.execution(order).run()

    if effect == "checkpoint":
        with pytest.raises(LeaseLost):
            room.execution(order, take_over).run()
    else:
        assert room.execution(order, take_over).run() == seconds[0]
    assert room.shelf.models.versions() == [1]
    assert len(room.shelf.models.verdicts()) == 1
    aliases = room.shelf.models.aliases()
    assert aliases is not None
    assert (seconds[0].version, aliases.champion, aliases.revision) == (1, 1, 1)


def half_done(room: Room, effect: str) -> Order:
    """Have version 1 serve, and a process die that had come with version 2 as far as this effect; gives its order."""
    room.execution(room.order()).run()
    order = room.order("good", "good")

    class Died(Exception):
        """What a process does."""

    def die(done: str) -> None:
        if done == effect:
            raise Died

    with pytest.raises(Died):
        room.execution(order, die).run()
    return order


def test_what_a_person_took_back_is_not_promoted_again(room: Room) -> None:
    """A process died between promotion and outcome, and the version was rolled back before the next began."""
    order = half_done(room, "alias")
    assert room.champion() == 2
    room.shelf.models.rollback(by="a person", reason="it is rude", at=datetime.now(UTC))
    outcome = room.execution(order).run()
    assert (outcome.version, outcome.decision, room.champion()) == (2, "keep", 1)
    assert outcome.reason == "promoted, and taken back by a person: it is rude"
    assert room.told == [1]


@pytest.mark.parametrize(("effect", "changes"), [("version", 1), ("alias", 2)], ids=["promoted", "rolled back twice"])
def test_what_a_person_let_serve_meanwhile_is_concluded_so(room: Room, effect: str, changes: int) -> None:
    """A process died before its outcome: no verdict stands beside the alias, and gateways are told all the same."""
    order = half_done(room, effect)
    for _ in range(changes):
        said = {"by": "a person", "reason": "it knows invoices", "at": datetime.now(UTC)}
        if effect == "version":
            room.shelf.models.promote(2, over=1, verdict="", **said)  # type: ignore[arg-type]
        else:
            room.shelf.models.rollback(**said)  # type: ignore[arg-type]
    outcome = room.execution(order).run()
    assert (outcome.version, outcome.decision, outcome.verdict, room.champion()) == (2, "promote", "", 2)
    assert outcome.reason == "promoted by a person: it knows invoices"
    assert room.told == [1, 2]


def test_a_dataset_that_is_not_the_announced_one_is_refused(room: Room) -> None:
    """Its manifest was altered, or its evaluation set is gone: neither is trained on."""
    order = room.order()
    altered = replace(order, dataset=replace(order.dataset, sha256="0" * 64))
    with pytest.raises(DamagedShard, match="isn't the one that was announced"):
        room.execution(altered).run()
    unjudged = replace(order, dataset=replace(order.dataset, evaluation_set="help/0009"))
    with pytest.raises(ValueError, match=r"help/0009, which version 1 is judged on, is gone"):
        room.execution(unjudged).run()
    assert room.shelf.models.versions() == []


def test_seldom_says_no_more_than_anybody_reads() -> None:
    """What comes too soon after the last word is left out."""
    said: list[str] = []
    say = seldom(said.append, quiet_seconds=3600)
    for word in "abc":
        say(word)
    assert said == ["a"]
