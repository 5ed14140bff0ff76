"""One training run, from rows to a model that serves; it has a process of its own.

Each step may be done again, and then leaves what was done: the version is the run's own, the verdict is the first that
was recorded, the alias moves by compare-and-swap, and the outcome comes last. So a run that is killed anywhere goes on
in the next process: at its last checkpoint, or after the version that it had published.
"""

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Final

import msgspec

from services.trainer.baseline import baseline_figures
from services.trainer.candidate import fetched
from services.trainer.checkpoints import RunCheckpoints
from services.trainer.contestant import Candidate, open_package, open_rivals
from services.trainer.core.card import learnt_from
from services.trainer.core.examples import Splits
from services.trainer.core.promotion import judge, rung_of
from services.trainer.evaluation import Gathered, gather
from services.trainer.order import Order
from services.trainer.publication import Figures, keep_logs, manifest_of, put_files, with_card
from services.trainer.splits import read_splits
from services.trainer.stages import Stages
from services.trainer.tasks.task import Package, Task, Workspace
from shared.datasets.evaluation import EvaluationSet, EvaluationSets
from shared.datasets.shard import DamagedShard
from shared.datasets.shard_cache import ShardCache
from shared.datasets.store import DatasetStore
from shared.io.object_store import ObjectStore
from shared.models.aliases import Aliases
from shared.models.manifest import Cost, FileEntry, ModelManifest
from shared.models.run_store import RunStore
from shared.models.runs import Lease, Outcome, Rung
from shared.models.signing import Signer, Trust
from shared.models.store import ChampionChanged, ModelStore
from shared.models.verdict import Verdict, verdict_id

JUDGING: Final = "validation"
"""The split that a model is judged on."""
QUIET_SECONDS: Final = 0.5
"""The least time between two words of a task's progress: it may say more than anybody reads."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What a run works with.

    `tell` tells the platform that a version serves, `show` shows it in a registry, where there is one. `folder` is its
    own and empty, `cache` is the machine's; `threads` compute at once. `progress` tells a person what is done, cheaply.
    """

    store: ObjectStore
    signer: Signer
    trust: Trust
    tell: Callable[[Order, ModelStore, ModelManifest, Aliases], None]
    show: Callable[[ModelManifest, Verdict, Aliases | None], str]
    task: Task
    folder: Path
    cache: Path
    threads: int
    now: Callable[[], datetime]
    progress: Callable[[str], None]


@dataclass
class Execution:
    """The execution of one run by the holder of `lease`; `unshown` says why the registry wasn't told, if it wasn't."""

    order: Order
    lease: Lease
    bench: Bench
    stages: Stages = field(default_factory=Stages)
    unshown: str = ""
    _began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        """Open the folders of the store."""
        self._runs = RunStore(self.bench.store)
        self._models = ModelStore(self.bench.store, self.order.task.name)

    def run(self) -> Outcome:
        """Do the run to its end, or what is left of it, and give its outcome.

        Raises `LeaseLost` where another process took it over, `NoSuchVersion` for a dataset version that is gone,
        `ValueError` for one that can't be learnt from, and `Outage`.
        """
        made = self._models.of_run(self.order.run, self.bench.trust)
        package = self._train() if made is None else self._fetch(made)
        candidate = open_package(package, self.bench.cache, self.bench.threads)
        serving, gathered = self._gather(candidate)
        if made is None:
            made = self._publish(package, candidate, gathered)
        while (verdict := self._settle(made, serving, gathered)) is None:
            self.bench.progress("the champion changed meanwhile: judging again")
            serving, gathered = self._gather(candidate)
        with self.stages("registry"):
            self.unshown = self.bench.show(made, verdict, self._models.aliases())
        return self._conclude(made, verdict)

    @cached_property
    def splits(self) -> Splits:
        """What is learnt from, and judged on."""
        self.bench.progress("reading the dataset")
        with self.stages("read"):
            version = self.order.dataset
            datasets = DatasetStore(self.bench.store, version.name)
            manifest = datasets.read(version.version)
            if hashlib.sha256(datasets.read_bytes(version.version)).hexdigest() != version.sha256:
                raise DamagedShard(f"the manifest of {version.name}/{version.version} isn't the one that was announced")
            shards = ShardCache(datasets, self.bench.cache / "shards")
            splits = read_splits(shards, manifest, self.order.task, self._evaluation_set())
            return splits if self.order.recipe.copies else replace(splits, train=splits.train.originals)

    def _evaluation_set(self) -> EvaluationSet | None:
        name = self.order.dataset.evaluation_set
        if not name:
            return None
        found = EvaluationSets(self.bench.store, self.order.dataset.name).read(int(name.rpartition("/")[2]))
        if found is None:
            raise ValueError(f"evaluation set {name}, which version {self.order.dataset.version} is judged on, is gone")
        return found

    def _train(self) -> Package:
        bench, recipe, splits = self.bench, self.order.recipe, self.splits
        workspace = Workspace(
            folder=bench.folder / "package",
            cache=bench.cache,
            logs=bench.folder / "logs",
            checkpoints=RunCheckpoints(self._runs, self.order.run, self.lease),
            progress=seldom(bench.progress),
        )
        for folder in (workspace.folder, workspace.logs, workspace.cache):
            folder.mkdir(parents=True, exist_ok=True)
        bench.progress(f"training on {len(splits.train):,} rows")
        with self.stages("train"):
            package = bench.task.train(splits, recipe, workspace)
        with self.stages("logs"):
            keep_logs(bench.store, self.order.run, workspace.logs)
        return package

    def _fetch(self, made: ModelManifest) -> Package:
        self.bench.progress(f"version {made.version} was published before: judging it")
        with self.stages("fetch"):
            return fetched(self._models, made, self.bench.folder / "package", self.bench.cache / "models")

    def _gather(self, candidate: Candidate) -> tuple[Aliases | None, Gathered]:
        """Ask candidate and champion the rows that they are judged on; gives who serves, and what was answered."""
        serving = self._models.aliases()
        self.bench.progress(f"asking {len(self.splits.validation):,} rows of validation")
        with self.stages("baseline"):
            baseline = self._baseline
        with self.stages("evaluate"):
            champion = None if serving is None else serving.champion
            rivals = open_rivals(self._models, champion, self.bench.trust, self.bench.cache, self.bench.threads)
            rung = self._rung(champion)
            judged = {
                slice_: share
                for name, share in baseline.items()
                for split, _, slice_ in [name.partition(".")]
                if split == JUDGING
            }
            return serving, gather(candidate, self.splits, rung, rivals, judged)

    def _rung(self, champion: int | None) -> Rung:
        """Name the burden of proof against what serves now, which may be another than when the run was planned."""
        manifest = None if champion is None else self._models.read(champion, self.bench.trust)
        dataset = self.order.dataset
        return rung_of(self.order.planned.recipe, dataset.name, dataset.version, manifest)

    @cached_property
    def _baseline(self) -> dict[str, float]:
        """The baseline's accuracies, by `<split>.<slice>`."""
        return baseline_figures(self.bench.store, self.order.task.name, self.order.dataset, self.splits)

    def _publish(self, package: Package, candidate: Candidate, gathered: Gathered) -> ModelManifest:
        self.bench.progress("publishing")
        with self.stages("upload"):
            files = put_files(self._models, package, candidate)
        self._runs.require(self.order.run, self.lease)
        return self._models.publish(self._manifest(package, files, gathered), self.bench.signer)

    def _manifest(self, package: Package, files: dict[str, FileEntry], gathered: Gathered) -> ModelManifest:
        figures = Figures(
            metrics={**gathered.validation.metrics(JUDGING), **gathered.test.metrics("test")},
            baseline=self._baseline,
            cost=Cost(
                rows=len(self.splits.train),
                seconds=round(time.monotonic() - self._began, 3),
                cpu_seconds=round(time.process_time(), 3),
                stages=self.stages.seconds | {f"train.{name}": one for name, one in package.stages.items()},
            ),
        )
        manifest = manifest_of(self.order, package, files, figures, self.bench.now())
        confusions = gathered.validation.confusions
        learnt = learnt_from(self.splits.train, self.splits.test, confusions, self.order.licences)
        return with_card(self._models, manifest, package.folder, learnt)

    def _settle(self, made: ModelManifest, serving: Aliases | None, gathered: Gathered) -> Verdict | None:
        """Record what the gate says of `made`, and do it; gives the verdict, None where the champion has changed."""
        if serving is not None and serving.champion == made.version:  # by a process that died since, or a person
            self._tell(made, serving)
            return self._models.verdict(serving.verdict) if serving.verdict else _by_hand(made, serving)
        champion = None if serving is None else serving.champion
        judgement = judge(gathered.evidence, self.order.gate)
        mine = Verdict(
            id=verdict_id(made.version, champion),
            model=made.model,
            candidate=made.version,
            champion=champion,
            decision=judgement.decision,
            reason=judgement.reason,
            at=self.bench.now(),
            evaluation_set=made.evaluation_set,
            checks=judgement.checks,
        )
        verdict = self._models.record_verdict(mine)
        if verdict.decision == "keep":
            return verdict
        if serving is not None and verdict != mine and serving.at > verdict.at:
            # Promoted by a process that died since, and then a person took it back.
            reason = f"promoted, and taken back by {serving.by}: {serving.reason}"
            return msgspec.structs.replace(verdict, decision="keep", reason=reason)
        return self._promote(made, verdict)

    def _promote(self, made: ModelManifest, verdict: Verdict) -> Verdict | None:
        try:
            aliases = self._models.promote(
                made.version,
                over=verdict.champion,
                verdict=verdict.id,
                by=self.lease.holder,
                reason=verdict.reason,
                at=self.bench.now(),
            )
        except ChampionChanged:
            return None
        self._tell(made, aliases)
        return verdict

    def _tell(self, made: ModelManifest, aliases: Aliases) -> None:
        self.bench.progress(f"version {made.version} serves: telling the gateways")
        self.bench.tell(self.order, self._models, made, aliases)

    def _conclude(self, made: ModelManifest, verdict: Verdict) -> Outcome:
        outcome = Outcome(
            run=self.order.run,
            version=made.version,
            verdict=verdict.id,
            decision=verdict.decision,
            reason=verdict.reason,
            at=self.bench.now(),
            seconds=round(time.monotonic() - self._began, 3),
        )
        return self._runs.conclude(self.order.run, outcome)


def _by_hand(made: ModelManifest, serving: Aliases) -> Verdict:
    """Give the verdict of whoever let a version serve without asking the gate; it has no record, and so no id."""
    return Verdict(
        id="",
        model=made.model,
        candidate=made.version,
        champion=serving.previous,
        decision="promote",
        reason=f"promoted by {serving.by}: {serving.reason}",
        at=serving.at,
        evaluation_set=made.evaluation_set,
    )


def seldom(say: Callable[[str], None], quiet_seconds: float = QUIET_SECONDS) -> Callable[[str], None]:
    """Give `say`, deaf to what comes within `quiet_seconds` of what it said last."""
    said_at = -math.inf

    def say_seldom(text: str) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= quiet_seconds:
            said_at = time.monotonic()
            say(text)

    return say_seldom
