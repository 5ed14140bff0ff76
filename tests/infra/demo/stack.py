"""A stack in memory that does what the real one's services do, for tests of what a demo shows."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding as KeyEncoding
from cryptography.hazmat.primitives.serialization import PublicFormat

from infra.demo.chain import Chain, Page, Predicted, Version
from infra.demo.commands import Ingested
from infra.demo.made import Made
from infra.demo.stages import DemoFailed
from shared.datasets.ready import ReadyRecord, ReadyRecords
from shared.encoding.spec import Encoding, NgramSpec
from shared.flywheel.config import Flywheel
from shared.flywheel.load import load_flywheel
from shared.io.gateway_client import Answer, Kept
from shared.io.memory import MemoryObjectStore
from shared.models.manifest import CARD, Cost, ModelManifest
from shared.models.run_store import RunStore
from shared.models.runs import Decision, Outcome, PlannedRun, run_id
from shared.models.signing import Signer
from shared.models.store import ModelStore
from tests.infra.demo.builders import AT, ingested

PAGE = Page(url="http://127.0.0.1/", is_there=True)
RECIPES = ("ngrams", "ngrams-e5")
FIGURES = {"test.page:en": 0.9, "test.page:zh": 0.8}


def example() -> Flywheel:
    """Read the example's flywheel."""
    return load_flywheel(Path(__file__).parents[3] / "examples/support-router/millrace.toml")


@dataclass
class Stack:
    """S3 in memory, and a key that signs; the gateway serves version `serving`, and answers `knows` or calc."""

    folder: Path
    store: MemoryObjectStore = field(default_factory=MemoryObjectStore)
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    serving: int = 0
    knows: dict[str, str] = field(default_factory=dict)
    corrected: list[tuple[str, str]] = field(default_factory=list)
    accepts: bool = True
    steady: Counter[int] = field(default_factory=Counter)
    """Requests without consent to keep the text, as the steady load sends them, by the version that answered."""

    def __post_init__(self) -> None:
        """Trust the key."""
        self.trusted = self.folder / "trusted"
        self.trusted.mkdir()
        pem = self.key.public_key().public_bytes(KeyEncoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (self.trusted / "key.pem").write_bytes(pem)
        self.made = Made(self.store, example(), self.trusted)

    def mark_ready(self, version: int, trigger: str = "new-rows") -> None:
        """Say that a dataset version is ready."""
        record = ReadyRecord(
            version=version, created_at=AT, trigger=trigger, rows={}, train_rows=1, manifest_sha256="", manifest_bytes=0
        )
        ReadyRecords(self.store, "support-router").mark(record)

    def decide(self, dataset: int, *recipes: str, rung: str = "first") -> None:
        """Decide to run these recipes, by default the ladder, on a dataset version."""
        runs = [PlannedRun(recipe=name, seed=0, rung="challenge") for name in recipes or RECIPES]
        runs[0] = PlannedRun(recipe=runs[0].recipe, seed=0, rung="refit" if rung == "refit" else "first")
        RunStore(self.store).decide(
            Decision(
                task="application",
                dataset="support-router",
                dataset_version=dataset,
                decided_at=AT,
                by="t",
                runs=tuple(runs),
            )
        )

    def conclude(self, dataset: int, recipe: str, *, promoted: bool = True) -> int:
        """Publish what a run has made, and say how it ended; the gateway serves it, where it is promoted."""
        models, run = ModelStore(self.store, "application"), run_id("application", "support-router", dataset, recipe)
        card = self.folder / CARD
        card.write_text(run, "utf-8")
        version = models.publish(
            ModelManifest(
                model="application",
                version=0,
                task="application",
                kind="text-classification",
                run=run,
                created_at=AT,
                labels=("calc", "writer"),
                encoding=Encoding(ngrams=NgramSpec()),
                files={CARD: models.put_file(card)},
                dataset="support-router",
                dataset_version=dataset,
                dataset_sha256="0" * 64,
                recipe=recipe,
                metrics=FIGURES,
                baseline=FIGURES,
                cost=Cost(rows=1, seconds=1.0, cpu_seconds=1.0),
            ),
            Signer(self.key),
        ).version
        outcome = Outcome(
            run=run, version=version, decision="promote" if promoted else "keep", reason="as the test says", at=AT
        )
        RunStore(self.store).conclude(run, outcome)
        if promoted:
            self.serving = version
        return version

    def fail(self, dataset: int, recipe: str, reason: str) -> None:
        """Say that a run has made nothing."""
        run = run_id("application", "support-router", dataset, recipe)
        RunStore(self.store).conclude(run, Outcome(run=run, reason=reason, at=AT))

    # What the demo asks of its gateway.

    def hindrance(self) -> str:
        """Say that no model is served, until one is."""
        return "" if self.serving else "503: no version was promoted yet"

    def classify(self, text: str, *, consent: bool = False) -> Answer:
        """Answer what it knows, or calc."""
        version, label = self.serving, self.knows.get(text, "calc")
        if not consent:
            self.steady[version] += 1
        name = f"{text}#{version}#{consent}"
        return Answer(
            request_id=name, label=label, probabilities={label: 1.0}, model="application", model_version=version
        )

    def correct(self, _: str, label: str, text: str) -> Kept:
        """Take a correction."""
        self.corrected.append((text, label))
        return Kept(feedback_id="f", trains=self.accepts, accepted=self.accepts)


@dataclass
class Ingestion:
    """An ingestion that is over as soon as it has brought a dataset version."""

    stack: Stack
    last_line: str = "waiting"
    name: str = "ingest"

    @property
    def runs(self) -> bool:
        """Say whether there is no version yet."""
        return self.stack.made.ready() is None

    def output(self) -> str:
        """Give nothing: the world knows what it would."""
        return ""


@dataclass
class PlayedWorld:
    """What a demo works with, played by a stack in memory."""

    stack: Stack
    baseline_answers: dict[str, str]
    traced: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    ready: int | None = 3
    page: Page | None = PAGE
    untraceable: str = ""
    in_ingestion: Callable[[], object] = str

    def __post_init__(self) -> None:
        """Offer what a world does."""
        self.made, self.gateway = self.stack.made, self.stack

    def doing(self, service: str) -> str:
        """Say nothing of interest; whoever waits for the trainer lets it work."""
        return f"{service}: works"

    def trouble(self) -> str:
        """There is none."""
        return ""

    @contextmanager
    def ingestion(self) -> Iterator[Ingestion]:
        """Give one."""
        yield Ingestion(self.stack)

    def ingested(self, _: Ingestion) -> Ingested:
        """Give its table; what the stack does until its end is `in_ingestion`."""
        self.in_ingestion()
        return ingested(self.ready)

    def trace(self, request_id: str) -> str:
        """Note whose trace was asked for."""
        self.traced.append(request_id)
        return "page  http://127.0.0.1/"

    def chain(self, request_id: str) -> Chain:
        """Lead from an answer, whose id holds its version, to the page, where there is one."""
        if self.untraceable:
            raise DemoFailed(self.untraceable)
        version = int(request_id.split("#")[1])
        predicted = Predicted(request_id=request_id, model_version=version, dataset_version=3)
        return Chain(prediction=predicted, model=Version(version), dataset=Version(3), page=self.page)

    def baseline(self, _: int) -> dict[str, str]:
        """Answer the questions."""
        return self.baseline_answers
