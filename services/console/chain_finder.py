"""Finds the chain of an answer: its record, its model, the dataset, the nearest rows and their page, and feedback."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from services.console.answer_records import AnswerRecords
from services.console.core.chain import Chain, DatasetLink, ModelLink, PageLink, RowLink
from services.console.core.nearest import nearest
from services.console.feedback_trail import FeedbackTrail
from services.console.row_shelf import Found, RowShelf
from services.console.terminal import NotDone
from services.console.tracer import Tracer
from shared.contracts.predictions import PredictionRecorded
from shared.contracts.split import Split
from shared.datasets.live import TOTAL
from shared.datasets.manifest import Manifest
from shared.datasets.readiness import train_rows
from shared.datasets.rows import FEEDBACK
from shared.datasets.store import DatasetStore, NoSuchVersion
from shared.flywheel.config import Flywheel
from shared.flywheel.learning import Task
from shared.io.object_store import ObjectStore
from shared.models.signing import Trust, Untrusted
from shared.models.store import ModelStore, NoSuchModelVersion
from shared.stream.topic_reader import Topics
from shared.text.fingerprint import text_hash

ROWS_SHOWN: Final = 3


class ChainFinder:
    """Reads a prediction's topic where its time is, models, and the shards of the dataset. May raise `Outage`."""

    def __init__(self, reader: Topics, store: ObjectStore, flywheel: Flywheel, trust: Trust) -> None:
        """Look for answers of the tasks of `flywheel`; believe models that `trust` does."""
        self._records = AnswerRecords(reader)
        self._store = store
        self._tasks = {task.name: task for task in flywheel.tasks}
        self._datasets = DatasetStore(store, flywheel.dataset.name)
        self._tracer = Tracer(reader, store, flywheel.dataset.name)
        self._trust = trust
        self._shelf = RowShelf(self._datasets)
        self._gone: list[str] = []

    def find(self, request_id: str, issued: datetime, text: str | None = None) -> Chain:
        """Give the chain of an answer that was given at `issued`; raises `NotDone` where nothing is known of it.

        `text` is the one that was asked, where it wasn't kept beside the answer; raises `NotDone` for another one.
        """
        self._gone = []
        prediction, place = self._records.prediction(request_id, issued)
        task = self._tasks.get(prediction.model)
        if task is None:
            raise NotDone(
                f"this flywheel has no task {prediction.model}, which answered. Name its file by MILLRACE_CONFIG"
            )
        models = ModelStore(self._store, task.name)
        words = self._records.words(request_id, issued)
        trail = FeedbackTrail(task, models, self._trust, self._datasets, self._shelf)
        became = trail.rows(request_id, words)
        texts = (prediction.text, *(row.text for row in became), *(word.text for word in words))
        asked = next(filter(None, texts), None) or self._fitting(text, prediction)
        manifest = self._dataset(prediction.dataset_version)
        taught = [] if manifest is None else self._taught(manifest, task, prediction.label)
        rows = self._nearest(asked, taught) if asked else []
        return Chain(
            prediction=prediction,
            place=place,
            model=self._model(models, prediction.model_version),
            dataset=None if manifest is None else _dataset_link(manifest),
            taught=len(taught),
            rows=tuple(rows),
            page=self._page(rows),
            learnt=tuple(trail.learnt(became)),
            unlearnt=tuple(trail.unlearnt(words, became)),
            unread="" if asked else "the text was not kept, so none can be compared with it. Give it: --text TEXT",
            gone=(*self._gone, *trail.gone, *self._shelf.unreadable),
        )

    def _fitting(self, text: str | None, prediction: PredictionRecorded) -> str | None:
        if text is not None and text_hash(text).hex() != prediction.input_hash:
            raise NotDone("the text isn't the one that was asked: its hash is another. Give it as it was sent.")
        return text

    def _model(self, models: ModelStore, version: int) -> ModelLink | None:
        try:
            manifest = models.read(version, self._trust)
        except (NoSuchModelVersion, Untrusted) as error:
            self._gone.append(f"{error}.")
            return None
        verdicts = [verdict for verdict in models.verdicts() if verdict.candidate == version]
        return ModelLink(
            version=version,
            recipe=manifest.recipe,
            run=manifest.run,
            created_at=manifest.created_at,
            rows=manifest.cost.rows,
            signed_by=self._trust.opened(models.envelope(version)).key_id,
            verdict="; ".join(f"{verdict.decision}: {verdict.reason}" for verdict in verdicts),
        )

    def _dataset(self, version: int) -> Manifest | None:
        try:
            return self._datasets.read(version)
        except NoSuchVersion as error:
            self._gone.append(f"{error}.")
            return None

    def _taught(self, manifest: Manifest, task: Task, label: str) -> list[Found]:
        """Give the originals that the task was taught this label by."""
        kinds = {*task.texts, FEEDBACK}
        return [
            row
            for row in self._shelf.live(manifest)
            if row.split == Split.TRAIN and row.kind in kinds and not row.op and row.labels.get(task.label) == label
        ]

    def _nearest(self, text: str, taught: Sequence[Found]) -> list[RowLink]:
        found = nearest(text, [row.whole for row in taught], ROWS_SHOWN)
        return [_row_link(taught[near.place], near.similarity) for near in found]

    def _page(self, rows: Sequence[RowLink]) -> PageLink | None:
        """Trace the first of the rows that is of a page, and not of a customer, back to the raw bytes."""
        first = next((row for row in rows if row.kind != FEEDBACK), None)
        if first is None:
            return None
        fetches = self._tracer.fetches(first.document_id)
        if not fetches:
            self._gone.append(f"the topic no longer holds the fetch of {first.url}: millrace trace {first.document_id}")
            return None
        raw = fetches[-1]
        return PageLink(
            document_id=first.document_id,
            url=raw.lineage.url,
            source=raw.lineage.source,
            licence=raw.lineage.licence,
            fetched_at=raw.lineage.fetched_at,
            pack=raw.body,
            is_there=self._store.exists(raw.body.key),
        )


def _dataset_link(manifest: Manifest) -> DatasetLink:
    return DatasetLink(
        dataset=manifest.dataset,
        version=manifest.version,
        rows=manifest.rows.get(TOTAL, 0),
        train_rows=train_rows(manifest),
        shards=len(manifest.shards),
    )


def _row_link(row: Found, similarity: float) -> RowLink:
    return RowLink(
        similarity=round(similarity, 4),
        row_id=row.row_id,
        kind=row.kind,
        text=row.whole,
        document_id=row.document_id,
        url=row.url,
        shard=row.shard,
    )
