"""What the stack has made so far, as S3 tells it: dataset versions that are ready, runs, and models."""

from pathlib import Path

from infra.demo.record import Accuracy
from infra.demo.stages import DemoFailed
from shared.datasets.ready import ReadyRecord, ReadyRecords
from shared.flywheel.config import Flywheel
from shared.io.object_store import ObjectStore
from shared.models.manifest import ModelManifest
from shared.models.run_store import RunStore
from shared.models.runs import Decision, Outcome, run_id
from shared.models.signing import Trust
from shared.models.store import ModelStore


class Made:
    """Looks at the dataset and the first task of a flywheel. Every call may raise `Outage`."""

    def __init__(self, store: ObjectStore, flywheel: Flywheel, trusted: Path) -> None:
        """Look in `store`; believe models that a key in the folder `trusted` has signed."""
        self.task = flywheel.tasks[0]
        self._trusted = trusted
        self._ready = ReadyRecords(store, flywheel.dataset.name)
        self._dataset = flywheel.dataset.name
        self._runs = RunStore(store)
        self._models = ModelStore(store, self.task.name)

    def ready(self, after: int = 0, trigger: str = "") -> ReadyRecord | None:
        """Give the first version after `after` that is ready, by this `trigger` where one is named."""
        found = (self._ready.read(version) for version in self._ready.versions() if version > after)
        return next((record for record in found if record and trigger in {"", record.trigger}), None)

    def ready_until(self, last: int) -> list[int]:
        """List the versions that are ready, up to the `last`."""
        return [version for version in self._ready.versions() if version <= last]

    def decision(self, dataset_version: int) -> Decision | None:
        """Give what the trainer does with a dataset version; None where it hasn't taken it yet."""
        return self._runs.decision(self.task.name, self._dataset, dataset_version)

    def outcome(self, dataset_version: int, recipe: str) -> Outcome | None:
        """Give how a run ended; None while it goes on."""
        return self._runs.outcome(run_id(self.task.name, self._dataset, dataset_version, recipe))

    def model(self, version: int) -> ModelManifest:
        """Read a model version, its signature checked."""
        return self._models.read(version, Trust.from_folder(self._trusted))


def pages_accuracy(figures: dict[str, float], questions: dict[str, float]) -> Accuracy:
    """Put a manifest's figures on whole test pages beside those on questions, by language.

    Raises `DemoFailed` where the trainer measured no test pages.
    """
    missing = [name for name in ("test.page:en", "test.page:zh") if name not in figures]
    if missing:
        raise DemoFailed(
            f"no accuracy was measured on {', '.join(missing)}: the machine was so busy that a dataset version was "
            "ready before the crawl was over. Remedy: let it do nothing else, and begin again."
        )
    return Accuracy(
        en=figures["test.page:en"],
        zh=figures["test.page:zh"],
        en_questions=questions["en"],
        zh_questions=questions["zh"],
    )
