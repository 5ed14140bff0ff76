"""The demo itself, from an empty stack to a model that a correction has changed; it reads from top to bottom."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from infra.demo.asking import ask_all, first_to_correct, shares, shares_told, shown
from infra.demo.closing import ModelLine, Told
from infra.demo.commands import Command, Ingested
from infra.demo.load import PER_SECOND, NoAnswer, SteadyLoad
from infra.demo.made import pages_accuracy
from infra.demo.questions import Question, Questions
from infra.demo.record import Accuracies, Correction, Record, documents_of, rows_of
from infra.demo.stages import DemoFailed, Pending, Running, Stage, Stages
from infra.demo.world import World
from shared.io.gateway_client import Answer, Refused
from shared.io.outage import Outage
from shared.models.runs import Decision, Outcome

ANSWERS_SHOWN: Final = 4
"""Of each language."""

_TRAINER: Final = "make logs NAME=trainer says what it does"
_GATEWAY: Final = "make logs NAME=gateway says why it keeps the version that it serves"
PAGES: Final = Stage("dataset", "pages to rows", 420, "make status shows what stands still, make logs why")
FIRST: Final = Stage("first_champion", "first champion", 240, _TRAINER)
ACCOUNTS: Final = Stage("accounts", "accounts", 120, "make status shows what stands still, make logs why")
QUESTIONS: Final = Stage("questions", "questions", 60, _GATEWAY)
DECISION: Final = Stage("decision", "decision", 900, _TRAINER)
CHALLENGER: Final = Stage("challenger", "challenger", 900, _TRAINER)
SWAP: Final = Stage("swap", "swap", 60, _GATEWAY)
CORRECTION: Final = Stage("correction", "correction", 90, "make logs NAME=dataset_builder")
RETRAIN: Final = Stage("retrain", "retrain", 300, _TRAINER)
BASELINE: Final = Stage("baseline", "baseline", 120, _TRAINER)
TRACE: Final = Stage("trace", "trace", 60, "KEEP=1 make demo leaves the stack up, and millrace doctor looks at it")


@dataclass
class Story:
    """One demo, on a stack that is up and empty.

    `stack_at` and `began_at` are when the stack was started and when the demo was, on the clock of `stages`. From the
    first answer until the correction is learnt, `per_second` requests are sent, so that no swap goes unseen.
    """

    world: World
    stages: Stages
    questions: Questions
    say: Callable[[str], None]
    stack_at: float
    began_at: float
    per_second: float = PER_SECOND
    models: list[ModelLine] = field(default_factory=list)
    outcomes: dict[int, Outcome] = field(default_factory=dict)

    def tell(self) -> tuple[Record, Told]:
        """Do it all, and give what was shown; raises `DemoFailed`, `Outage` and `Refused`."""
        texts = [question.text for question in self.questions.all]
        load = SteadyLoad(self._version_that_answers, texts, self.per_second)
        with self.world.ingestion() as ingestion:
            dataset = self._dataset(ingestion)
            first, first_seconds = self._first_prediction(dataset)
            with load.running():
                self._ask_all("first champion", first)
                ingested = self._ingested(ingestion)
                last = ingested.ready or dataset
                if self._challenge(last, load):
                    self._ask_all("champion", self.promoted[-1])
                question, before = first_to_correct(self._ask, self.questions.corrections)
                learnt = self._correct(last, question, before)
                correction = self._retrain(learnt, question, before, load)
        self._ask_all("corrected champion", correction.model_version)
        self._ask_baseline(last)
        self._trace(before)
        return self._record(ingested, load, first_seconds, correction), self._told(ingested, load, question)

    @property
    def promoted(self) -> tuple[int, ...]:
        """Name the versions that the gate has promoted so far, in its order."""
        return tuple(version for version, outcome in self.outcomes.items() if outcome.decision == "promote")

    def _dataset(self, ingestion: Command) -> int:
        """Wait for the first dataset version that is ready, and give it."""

        def ready() -> int | Pending:
            if record := self.world.made.ready():
                return record.version
            if not ingestion.runs:
                ingestion.output()  # raises what it complained of, unless the readiness policy said no
                raise DemoFailed(
                    "every page is in the dataset, and it isn't ready. Remedy: make logs NAME=dataset_builder"
                )
            return Pending(ingestion.last_line or "the crawl")

        with self.stages.run(PAGES) as stage:
            version = stage.until(ready)
            stage.result = f"dataset version {version} is ready"
        return version

    def _first_prediction(self, dataset: int) -> tuple[int, float]:
        """Wait for the first model, and ask it; give its version, and the seconds from stack's start to answer."""
        question = self.questions.all[0]
        with self.stages.run(FIRST) as stage:
            stage.until(lambda: self._hindrance(dataset) or True)
            answer = self._ask(question.text)
            seconds = round(self.stages.clock() - self.stack_at, 2)
            stage.result = f"version {answer.model_version} answers, {seconds:.1f} s after the stack was started"
            run = stage.until(lambda: self._decision(dataset)).runs[0]
            version = self._note(stage.until(lambda: self._outcome(dataset, run.recipe)))
        return version, seconds

    def _ingested(self, ingestion: Command) -> Ingested:
        """Wait until every page is accounted for, and give the table of the ingestion."""
        with self.stages.run(ACCOUNTS) as stage:
            stage.until(lambda: Pending(ingestion.last_line) if ingestion.runs else True)
            ingested = self.world.ingested(ingestion)
            documents = ingested.documents
            stage.result = f"of {documents.published:,} pages, {documents.in_flight:,} are on their way"
        return ingested

    def _challenge(self, last: int, load: SteadyLoad) -> bool:
        """Wait for every run on versions up to the `last`, and for the gate's word; say whether one was promoted.

        There is more than one version where the machine is so busy that nothing comes for a while, and is ready then.
        """
        judged = 0
        for dataset in self.world.made.ready_until(last):
            for recipe in self._recipes(dataset):
                outcome = self._judged(dataset, recipe)
                judged += 1
                if outcome.decision == "promote":
                    with self.stages.run(SWAP) as stage:
                        self._await_swap(stage, outcome, load)
        if not judged:
            raise DemoFailed("no recipe challenges the champion. Remedy: give the task a second [[tasks.recipes]]")
        return len(self.promoted) > 1

    def _recipes(self, dataset: int) -> list[str]:
        """Name the recipes that are run on a dataset version, but for that of the very first model."""
        with self.stages.run(DECISION) as stage:
            runs = stage.until(lambda: self._decision(dataset)).runs
            stage.result = ", ".join(f"{run.recipe} ({run.rung})" for run in runs) or "a newer version is trained on"
        return [run.recipe for run in runs if run.rung != "first"]

    def _judged(self, dataset: int, recipe: str) -> Outcome:
        with self.stages.run(CHALLENGER) as stage:
            outcome = stage.until(lambda: self._outcome(dataset, recipe))
            version = self._note(outcome)
            stage.result = f"version {version}, {recipe}: {_verdict(outcome)}"
        return outcome

    def _correct(self, dataset: int, question: Question, before: Answer) -> int:
        """Send a correction, and give the dataset version that is ready for it."""
        self.say(f"  “{question.text}” is answered {before.label}; the team wants {question.label}, and says so")
        with self.stages.run(CORRECTION) as stage:
            kept = self.world.gateway.correct(before.request_id, question.label, question.text)
            if not (kept.trains and kept.accepted):
                raise DemoFailed(
                    f"the correction of “{question.text}” is kept, and trains nothing: its group is one that models "
                    "are judged on, or it waits for review. Remedy: another question, or [feedback] review = 'auto'."
                )
            record = stage.until(
                lambda: self.world.made.ready(dataset, "correction") or Pending(self.world.doing("dataset_builder"))
            )
            stage.result = f"dataset version {record.version} is ready: {record.trigger}"
        return record.version

    def _retrain(self, dataset: int, question: Question, before: Answer, load: SteadyLoad) -> Correction:
        """Wait until a model that has learnt a correction is served, and ask it; raises `DemoFailed`."""
        with self.stages.run(RETRAIN) as stage:
            run = stage.until(lambda: self._decision(dataset)).runs[0]
            outcome = stage.until(lambda: self._outcome(dataset, run.recipe))
            version = self._note(outcome)
            if outcome.decision != "promote":
                raise DemoFailed(f"the gate keeps the champion, so the correction isn't served: {outcome.reason}")
            self._await_swap(stage, outcome, load)
            after = self._label("corrected champion", version, question.text)
            stage.result = f"version {version}: “{question.text}” is answered {after}"
        if after != question.label:
            raise DemoFailed(f"after the correction “{question.text}” is answered {after}, not {question.label}")
        return Correction(
            dataset_version=dataset, model_version=version, answer_before=before.label, answer_after=after
        )

    def _await_swap(self, stage: Running, outcome: Outcome, load: SteadyLoad) -> None:
        stage.until(lambda: outcome.version in load.versions or Pending(self.world.doing("gateway")))
        swap = load.swap
        stage.result = f"version {outcome.version} answers; {swap.requests:,} requests, {swap.failed:,} failed"

    def _ask_all(self, name: str, version: int) -> None:
        """Ask a version, which is served, every question, show some answers, and note its accuracies."""
        with self.stages.run(QUESTIONS._replace(name=f"questions_{len(self.models) + 1}")) as stage:
            asked = ask_all(lambda text: self._label(name, version, text), self.questions)
            stage.result = f"{name}, version {version}: {shares_told(asked)}"
        for line in shown(asked, ANSWERS_SHOWN):
            self.say(line)
        manifest = self.world.made.model(version)
        self.models.append(ModelLine(name, version, manifest.recipe, pages_accuracy(manifest.metrics, shares(asked))))

    def _ask_baseline(self, dataset: int) -> None:
        """Ask the baseline every question, and note its accuracies, as the models' manifests have them."""
        with self.stages.run(BASELINE) as stage:
            answers = self.world.baseline(dataset)
            asked = ask_all(answers.__getitem__, self.questions)
            stage.result = shares_told(asked)
        manifest = self.world.made.model(self.models[0].version or 0)
        accuracy = pages_accuracy(manifest.baseline, shares(asked))
        self.models.insert(0, ModelLine("baseline", None, "TF-IDF, linear SVM", accuracy))

    def _trace(self, answer: Answer) -> None:
        """Show the chain from an answer to a page; raises `DemoFailed` where a link of it is missing."""
        with self.stages.run(TRACE) as stage:
            stage.result = f"millrace trace {answer.request_id}"
            try:
                told, chain = self.world.trace(answer.request_id), self.world.chain(answer.request_id)
            except DemoFailed as error:
                raise DemoFailed(f"{error} Remedy: {TRACE.remedy}") from error
        for line in told.splitlines():
            self.say(f"  {line}")
        if lacks := chain.lacks(answer):
            raise DemoFailed(f"{stage.result} leads to no page: {lacks} Remedy: {TRACE.remedy}")

    def _ask(self, text: str) -> Answer:
        return self.world.gateway.classify(text, consent=True)

    def _label(self, name: str, version: int, text: str) -> str:
        """Give the label of a text; raises `DemoFailed` where another version answers than the one that is asked."""
        answer = self._ask(text)
        if answer.model_version != version:
            raise DemoFailed(
                f"the {name} is version {version} ({_verdict(self.outcomes[version])}), and version "
                f"{answer.model_version} answers already. Remedy: let the machine do nothing else, and begin again."
            )
        return answer.label

    def _version_that_answers(self, text: str) -> int:
        try:
            return self.world.gateway.classify(text).model_version
        except (Refused, Outage) as error:
            raise NoAnswer(str(error)) from error

    def _hindrance(self, dataset: int) -> Pending | None:
        """Say what the first answer waits for; raises `DemoFailed` where the first run has made no model."""
        hindrance, decision = self.world.gateway.hindrance(), self.world.made.decision(dataset)
        if not hindrance:
            return None
        if decision is not None and (outcome := self.world.made.outcome(dataset, decision.runs[0].recipe)):
            self._note(outcome)
        return Pending(f"{self.world.doing('trainer')} ({hindrance})")

    def _decision(self, dataset: int) -> Decision | Pending:
        return self.world.made.decision(dataset) or Pending(self.world.doing("trainer"))

    def _outcome(self, dataset: int, recipe: str) -> Outcome | Pending:
        return self.world.made.outcome(dataset, recipe) or Pending(self.world.doing("trainer"))

    def _note(self, outcome: Outcome) -> int:
        """Note what the gate said of a run's version, and give that; raises `DemoFailed` where the run made none."""
        if outcome.version is None:
            raise DemoFailed(f"the run {outcome.run} made no model: {outcome.reason}. Remedy: {_TRAINER}")
        self.outcomes[outcome.version] = outcome
        return outcome.version

    def _record(self, ingested: Ingested, load: SteadyLoad, first_seconds: float, correction: Correction) -> Record:
        by_name = {model.name: model.accuracy for model in self.models}
        crawl = {"crawl": round(sum(crawled.seconds for crawled in ingested.crawled), 2)}
        stream = {one.stage: round(one.seconds, 2) for one in ingested.stages}
        return Record(
            first_prediction_seconds=first_seconds,
            total_seconds=round(self.stages.clock() - self.began_at, 2),
            stage_seconds=crawl | stream | self.stages.seconds,
            documents=documents_of(ingested.documents),
            rows=rows_of(ingested.rows),
            accuracy=Accuracies(
                baseline=by_name["baseline"],
                first_champion=by_name["first champion"],
                champion=self.models[-1].accuracy,
            ),
            swap=load.swap,
            correction=correction,
        )

    def _told(self, ingested: Ingested, load: SteadyLoad, question: Question) -> Told:
        return Told(
            ingested=ingested,
            models=tuple(self.models),
            verdicts={version: _verdict(outcome) for version, outcome in self.outcomes.items()},
            answers=load.versions,
            slowest_seconds=load.slowest_seconds,
            correction=question,
            promoted=self.promoted,
            failures=tuple(load.failures),
        )


def _verdict(outcome: Outcome) -> str:
    return f"{outcome.decision}: {outcome.reason}"
