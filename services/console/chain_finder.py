"""Finds the chain of an answer: its record, its model, the dataset, the nearest rows and their page, and feedback."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from services.console.core.chain import Chain, DatasetLink, Learnt, ModelLink, PageLink, RowLink
from services.console.core.nearest import nearest
from services.console.row_shelf import Found, RowShelf
from services.console.terminal import NotDone
from services.console.tracer import Tracer
from shared.contracts.message import decode
from shared.contracts.predictions import PredictionRecorded
from shared.contracts.split import Split
from shared.contracts.topics import PREDICTIONS_RECORDED
from shared.datasets.live import TOTAL, Tombstones
from shared.datasets.manifest import Manifest
from shared.datasets.readiness import train_rows
from shared.datasets.ready import ReadyRecords
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
CLOCKS_APART: Final = timedelta(minutes=1)
"""How far the clocks of the gateway and of Kafka may be apart."""
RECORDED_WITHIN: Final = timedelta(minutes=15)
"""How long after its answer a prediction is looked for: the gateway keeps them while Kafka is away."""


class ChainFinder:
    """Reads a prediction's topic where its time is, models, and the shards of the dataset. May raise `Outage`."""

    def __init__(self, reader: Topics, store: ObjectStore, flywheel: Flywheel, trust: Trust) -> None:
        """Look for answers of the tasks of `flywheel`; believe models that `trust` does."""
        self._reader = reader
        self._store = store
        self._tasks = {task.name: task for task in flywheel.tasks}
        self._datasets = DatasetStore(store, flywheel.dataset.name)
        self._ready = ReadyRecords(store, flywheel.dataset.name)
        self._tracer = Tracer(reader, store, flywheel.dataset.name)
        self._trust = trust
        self._shelf = RowShelf(self._datasets)
        self._gone: list[str] = []

    def find(self, request_id: str, issued: datetime, text: str | None = None) -> Chain:
        """Give the chain of an answer that was given at `issued`; raises `NotDone` where nothing is known of it.

        `text` is the one that was asked, where it wasn't kept beside the answer; raises `NotDone` for another one.
        """
        self._gone = []
        prediction, place = self._prediction(request_id, issued)
        task = self._tasks.get(prediction.model)
        if task is None:
            raise NotDone(
                f"this flywheel has no task {prediction.model}, which answered. Name its file by MILLRACE_CONFIG"
            )
        models = ModelStore(self._store, task.name)
        learnt, said = self._learnt(request_id, models, task.label)
        asked = prediction.text or said or self._fitting(text, prediction)
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
            learnt=tuple(learnt),
            unread="" if asked else "the text was not kept, so none can be compared with it. Give it: --text TEXT",
            gone=(*self._gone, *self._shelf.unreadable),
        )

    def _prediction(self, request_id: str, issued: datetime) -> tuple[PredictionRecorded, str]:
        """Find the record of an answer, from when its id was made on."""
        topic, wanted = PREDICTIONS_RECORDED.name, request_id.encode()
        starts = self._reader.since(topic, _milliseconds(issued - CLOCKS_APART))
        ends = self._reader.since(topic, _milliseconds(issued + RECORDED_WITHIN))
        open_ended = {place: end for place, end in ends.items() if end > starts[place]}
        for record in self._reader.records(topic, open_ended, starts):
            if record.key == wanted:
                return decode(PredictionRecorded, record.value or b""), str(record.origin)
        kept = PREDICTIONS_RECORDED.retention
        raise NotDone(
            f"no answer is recorded under this id, which was made at {issued:%Y-%m-%d %H:%M:%S %Z}. Answers are kept "
            f"for {kept.days if kept else 'ever'} days; one that was just given is recorded within a second."
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

    def _learnt(self, request_id: str, models: ModelStore, label: str) -> tuple[list[Learnt], str | None]:
        """Give what feedback on the answer became, and the text that came with it."""
        head = self._datasets.head()
        if head is None:
            return [], None
        url, stones = f"{FEEDBACK}:{request_id}", Tombstones(head.tombstones)
        rows = [row for shard in head.shards for row in self._shelf.rows(shard) if row.url == url]
        learnt = [self._fate(row, stones.reason(row.document_id, row.edition) or "live", models, label) for row in rows]
        return learnt, rows[0].text if rows else None

    def _fate(self, row: Found, status: str, models: ModelStore, label: str) -> Learnt:
        ready, aliases = self._first_with(row), models.aliases()
        return Learnt(
            row_id=row.row_id,
            label=row.labels.get(label, ""),
            split=row.split,
            status=status,
            dataset_version=ready,
            models=() if ready is None else self._trained_since(models, ready),
            champion=None if aliases is None else aliases.champion,
        )

    def _first_with(self, row: Found) -> int | None:
        """Give the first ready version that has a row of feedback, by the shards that hold it."""
        for version in self._ready.versions():
            try:
                manifest = self._datasets.read(version)
            except NoSuchVersion:
                continue
            if any(found.row_id == row.row_id for found in self._shelf.live(manifest)):
                return version
        return None

    def _trained_since(self, models: ModelStore, dataset_version: int) -> tuple[int, ...]:
        found = []
        for version in models.versions():
            try:
                manifest = models.read(version, self._trust)
            except Untrusted as error:
                self._gone.append(f"{error}.")
                continue
            if manifest.dataset == self._datasets.dataset and manifest.dataset_version >= dataset_version:
                found.append(version)
        return tuple(found)


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000)


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
