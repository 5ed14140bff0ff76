"""Makes the next evaluation set when one is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from services.dataset_builder.core.evaluation import Judges, Newest, is_due, judges_of, too_few
from services.dataset_builder.core.facts import Fact
from shared.datasets.erased import ErasedVersions
from shared.datasets.evaluation import EvaluationSet, EvaluationSets, EvaluationSetTaken, evaluation_name
from shared.datasets.manifest import Manifest
from shared.flywheel.config import Flywheel

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Evaluator:
    """Keeps the evaluation sets of one dataset."""

    dataset: str
    sets: EvaluationSets
    erased: ErasedVersions
    flywheel: Flywheel

    def current(self, head: Manifest, live: Sequence[Fact], now: datetime) -> str:
        """Name the evaluation set that `head`, whose live rows are `live`, is judged on; empty where there is none.

        Where there are too few rows for the next one, the one before it stays.
        """
        while True:
            newest = self.sets.newest()
            judges = judges_of(live)
            if not is_due(judges, None if newest is None else self._seen(newest), now):
                return self._name(newest)
            lacking = too_few(judges, live, self.flywheel.tasks, self.flywheel.dataset.evaluation)
            if lacking is not None:
                log.info("no_evaluation_set", version=head.version, reason=lacking.reason)
                return self._name(newest)
            try:
                self.sets.make(_made(judges, 1 if newest is None else newest.version + 1, head, now))
            except EvaluationSetTaken:
                log.info("evaluation_set_taken")

    def _seen(self, newest: EvaluationSet) -> Newest:
        return Newest(
            at=newest.created_at,
            rows=newest.rows,
            counts=newest.counts,
            erased=self.erased.read(newest.from_version) is not None,
        )

    def _name(self, newest: EvaluationSet | None) -> str:
        return "" if newest is None else evaluation_name(self.dataset, newest.version)


def _made(judges: Judges, version: int, head: Manifest, now: datetime) -> EvaluationSet:
    return EvaluationSet(
        version=version,
        created_at=now,
        from_version=head.version,
        groups=judges.groups,
        rows=dict(judges.rows),
        counts={split: dict(counts) for split, counts in judges.counts.items()},
    )
