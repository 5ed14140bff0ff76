"""What a training process is told, and what it tells its parent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from services.trainer.machine import Machine
from services.trainer.settings import RegistrySettings
from shared.contracts.envelope import Origin
from shared.contracts.releases import ModelPublished
from shared.contracts.topics import Topic
from shared.flywheel.learning import Gate, Recipe, Task
from shared.models.runs import Lease, Outcome, PlannedRun, run_id
from shared.settings import KafkaSettings, SigningSettings, StoreSettings, TelemetrySettings


@dataclass(frozen=True, kw_only=True)
class DatasetVersion:
    """The dataset version that is trained on; `sha256` is its manifest's, `evaluation_set` may be empty."""

    name: str
    version: int
    sha256: str
    evaluation_set: str = ""

    def __str__(self) -> str:
        """Name it: `<dataset>/<version>`."""
        return f"{self.name}/{self.version}"


@dataclass(frozen=True, kw_only=True)
class Order:
    """One run: which recipe of which task is learnt from which dataset version, and what the gate asks of it.

    `licences` are those of the sources, by name. `champion` is the version that served when it was decided. `origin` is
    the record that it was decided for, absent where a person ordered it; `traceparent` is that record's.
    """

    task: Task
    planned: PlannedRun
    gate: Gate
    dataset: DatasetVersion
    licences: Mapping[str, str]
    champion: int | None = None
    origin: Origin | None = None
    traceparent: str | None = None

    @property
    def run(self) -> str:
        """Name the run."""
        return run_id(self.task.name, self.dataset.name, self.dataset.version, self.planned.recipe)

    @property
    def recipe(self) -> Recipe:
        """Give the recipe, with the seed that was decided; raises `ValueError` where the task has none of that name."""
        for recipe in self.task.recipes:
            if recipe.name == self.planned.recipe:
                return recipe.model_copy(update={"seed": self.planned.seed})
        known = ", ".join(recipe.name for recipe in self.task.recipes)
        raise ValueError(f"task {self.task.name} has no recipe {self.planned.recipe!r} in millrace.toml, but {known}")


@dataclass(frozen=True, kw_only=True)
class Servers:
    """Where the servers are, and which keys sign and are believed; without a registry nothing is shown in one."""

    kafka: KafkaSettings
    store: StoreSettings
    signing: SigningSettings
    registry: RegistrySettings = field(default_factory=RegistrySettings)


@dataclass(frozen=True, kw_only=True)
class Job:
    """An order, and all that the process which carries it out needs.

    `folder` is empty and its own, `cache` is the machine's, and `memory_bytes` is the most that it may have. `topic` is
    where it tells of the model.
    """

    order: Order
    lease: Lease
    servers: Servers
    telemetry: TelemetrySettings
    topic: Topic[ModelPublished]
    machine: Machine
    memory_bytes: int
    folder: Path
    cache: Path


@dataclass(frozen=True)
class Progress:
    """What is being done, for a person."""

    text: str


@dataclass(frozen=True)
class Done:
    """The run is concluded; `stages` are wall seconds by what was done.

    `unshown` says why the model registry wasn't told of it; empty where it was, or where there is none.
    """

    outcome: Outcome
    stages: dict[str, float]
    unshown: str = ""


@dataclass(frozen=True)
class Failed:
    """The run could not be done: a bug, or a dataset that can't be learnt from."""

    error: str
    detail: str


@dataclass(frozen=True)
class Unavailable:
    """A server is away, or a person must mend its settings: the run is not to blame."""

    reason: str
    misconfigured: bool = False


@dataclass(frozen=True)
class Superseded:
    """Another process took the run over."""


End = Done | Failed | Unavailable | Superseded
