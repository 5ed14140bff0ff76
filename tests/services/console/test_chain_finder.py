"""From an answer's id to the page that taught it, and to the model that a correction taught."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.console.chain_finder import ChainFinder
from services.console.core.chain import Chain
from services.console.terminal import NotDone
from shared.contracts.identity import document_id
from shared.contracts.predictions import PredictionRecorded
from shared.contracts.split import Split
from shared.contracts.topics import DOCUMENTS_RAW, PREDICTIONS_RECORDED
from shared.datasets.manifest import ShardEntry
from shared.datasets.ready import ReadyRecord, ReadyRecords
from shared.datasets.rows import Row
from shared.datasets.store import DatasetStore
from shared.encoding.spec import Encoding, NgramSpec
from shared.flywheel.config import Flywheel
from shared.io.memory import MemoryObjectStore
from shared.models.manifest import CARD, Cost, ModelManifest
from shared.models.signing import Signer, Trust
from shared.models.store import ModelStore
from shared.models.verdict import Verdict, verdict_id
from shared.stream.record import Record
from shared.text.fingerprint import text_hash
from tests.services.console.chains import PREDICTION, request_id
from tests.services.console.documents import raw, row, url_of
from tests.services.console.memory_topics import AT, MemoryTopics
from tests.services.console.test_tracer import version

ASKED = "rotate it"
LABELS = {"application": {"path": "^/(calc|writer)/"}}
FLYWHEEL = Flywheel.model_validate(
    {
        "sources": [{"name": "site", "start_urls": ["http://127.0.0.1:8808/"], "licence": "MPL-2.0", "labels": LABELS}],
        "dataset": {"name": "site"},
        "tasks": [{"name": "application", "label": "application", "texts": ["page", "heading"]}],
    }
)


def taught(name: str, text: str, label: str = "writer", kind: str = "heading", op: str = "") -> Row:
    """Build a row that the task learns from."""
    made = row(name, text, op)
    return msgspec.structs.replace(made, kind=kind, labels={"application": label}, text=text)


def feedback(of: str, label: str = "calc", split: Split = Split.TRAIN) -> Row:
    """Build the row that feedback on the answer `of` became."""
    made = row("feedback")
    lineage = msgspec.structs.replace(made.lineage, source="feedback", url=f"feedback:{of}")
    return msgspec.structs.replace(
        made, kind="feedback", labels={"application": label}, text=ASKED, lineage=lineage, split=split
    )


@dataclass
class Place:
    """A platform in memory: topics, a dataset, and a model of it."""

    folder: Path
    topics: MemoryTopics = field(default_factory=MemoryTopics)
    store: MemoryObjectStore = field(default_factory=MemoryObjectStore)
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def commit(self, number: int, *shards: list[Row], ready: bool = True) -> tuple[ShardEntry, ...]:
        """Make a dataset version of shards with these rows."""
        datasets = DatasetStore(self.store, "site")
        entries = tuple(datasets.put_shard(rows) for rows in shards)
        counts = {"total": sum(map(len, shards)), "split:train": sum(map(len, shards))}
        datasets.commit(version(number, shards=entries, rows=counts))
        if ready:
            ReadyRecords(self.store, "site").mark(
                ReadyRecord(
                    version=number,
                    created_at=AT,
                    trigger="t",
                    rows={},
                    train_rows=1,
                    manifest_sha256="",
                    manifest_bytes=0,
                )
            )
        return entries

    def publish(self, dataset_version: int, dataset: str = "site") -> int:
        """Publish a model that was trained on a dataset version, and promote it."""
        models = ModelStore(self.store, "application")
        card = self.folder / CARD
        card.write_text(f"Of version {dataset_version}.", "utf-8")
        champion = models.aliases()
        made = models.publish(
            ModelManifest(
                model="application",
                version=0,
                task="application",
                kind="text-classification",
                run=f"application/{dataset}/{dataset_version:08d}/ngrams",
                created_at=AT,
                labels=("calc", "writer"),
                encoding=Encoding(ngrams=NgramSpec()),
                files={CARD: models.put_file(card)},
                dataset=dataset,
                dataset_version=dataset_version,
                dataset_sha256="0" * 64,
                recipe="ngrams",
                cost=Cost(rows=3, seconds=1.0, cpu_seconds=1.0),
            ),
            Signer(self.key),
        )
        over = None if champion is None else champion.champion
        id_ = verdict_id(made.version, over)
        verdict = Verdict(
            id=id_,
            model="application",
            candidate=made.version,
            champion=over,
            decision="promote",
            reason="there was none",
            at=AT,
        )
        models.record_verdict(verdict)
        models.promote(made.version, over=over, verdict=id_, by="t", reason="t", at=AT)
        return made.version

    def answer(self, at: datetime = AT, **changes: object) -> str:
        """Record an answer that was given at `at`; gives its id."""
        usual = {"request_id": request_id(at), "model_version": 1, "dataset_version": 1, "at": at, "text": ASKED}
        usual["input_hash"] = text_hash(ASKED).hex()
        said: PredictionRecorded = msgspec.structs.replace(PREDICTION, **(usual | changes))
        self.topics.send(PREDICTIONS_RECORDED, said)
        return said.request_id

    def find(self, wanted: str, at: datetime = AT, text: str | None = None) -> Chain:
        """Find the chain of an answer."""
        trust = Trust([self.key.public_key()])
        return ChainFinder(self.topics, self.store, FLYWHEEL, trust).find(wanted, at, text)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Give a platform with a page, a dataset version of it, and a model."""
    place = Place(tmp_path)
    place.topics.send(DOCUMENTS_RAW, raw("rotating"))
    place.topics.send(DOCUMENTS_RAW, raw("notes"))
    place.store.put("raw/site/pack.warc.gz", b"pack")
    place.commit(
        1,
        [taught("rotating", "How to rotate it"), taught("notes", "Footnotes"), taught("cells", "Rotate it", "calc")],
        [taught("rotating", "rotate it", op="swap"), taught("tips", "rotate it", kind="title")],
    )
    place.publish(1)
    return place


def test_an_answer_leads_to_the_rows_that_taught_it_and_to_their_page(place: Place) -> None:
    """By way of model and dataset version; rows of another label, copies, and kinds that aren't learnt are none."""
    (shard, _) = DatasetStore(place.store, "site").read(1).shards
    found = place.find(place.answer())
    assert found.model is not None
    assert (found.model.version, found.model.run, found.model.rows) == (1, "application/site/00000001/ngrams", 3)
    assert found.model.verdict == "promote: there was none"
    assert found.dataset is not None
    assert (found.dataset.version, found.dataset.rows, found.dataset.shards) == (1, 5, 2)
    assert found.taught == 2
    assert [(one.text, one.shard) for one in found.rows] == [("How to rotate it", shard.key)]
    assert found.page is not None
    assert found.page.document_id == document_id(url_of("rotating"))
    assert found.page.pack is not None
    assert (found.page.pack.key, found.page.is_there) == ("raw/site/pack.warc.gz", True)
    assert (found.learnt, found.gone, found.unread) == ((), (), "")


def test_a_correction_leads_to_the_models_that_learnt_it(place: Place) -> None:
    """Not to those before it or of another dataset, nor to a dataset version that isn't ready."""
    wanted = place.answer()
    rows = [taught("notes", "Footnotes")]
    place.commit(2, rows, [feedback(wanted)], ready=False)
    (found,) = place.find(wanted).learnt
    assert (found.label, found.dataset_version, found.models) == ("calc", None, ())
    place.commit(3, rows, [feedback(wanted)])
    place.commit(4, rows, [feedback(wanted)])
    place.publish(9, "site-before")
    place.publish(4)
    (found,) = place.find(wanted).learnt
    assert (found.split, found.status) == ("train", "live")
    assert (found.dataset_version, found.models, found.champion) == (3, (3,), 3)


@pytest.mark.parametrize(("text", "unread"), [(None, True), (ASKED, False), ("  rotate   it ", False)])
def test_a_text_that_was_not_kept_may_be_given(place: Place, text: str | None, unread: bool) -> None:
    """Only the one that was asked, but for spacing: its hash was kept."""
    wanted = place.answer(text=None)
    found = place.find(wanted, text=text)
    assert bool(found.unread) is unread
    assert bool(found.rows) is not unread
    with pytest.raises(NotDone, match="isn't the one that was asked"):
        place.find(wanted, text="another")


def test_the_text_of_a_correction_serves_as_well(place: Place) -> None:
    """It came with consent."""
    wanted = place.answer(text=None)
    place.commit(2, [taught("notes", "Footnotes")], [feedback(wanted)])
    assert [one.text for one in place.find(wanted).rows] == ["How to rotate it"]


def test_only_what_was_recorded_about_then_is_read(place: Place) -> None:
    """A topic of a month may hold many millions."""

    class Counting(MemoryTopics):
        read_records = 0

        def records(
            self, topic: str, ends: Mapping[int, int], starts: Mapping[int, int] | None = None
        ) -> Iterator[Record]:
            for record in super().records(topic, ends, starts):
                self.read_records += topic == PREDICTIONS_RECORDED.name
                yield record

    counting = Counting()
    times = [AT + timedelta(minutes=minutes) for minutes in (-300, -30, 0, 30, 300)]
    for mark, at in enumerate(times):
        wanted = request_id(at, mark)
        said = msgspec.structs.replace(PREDICTION, request_id=wanted, model_version=1, dataset_version=1)
        counting.put(
            PREDICTIONS_RECORDED.name, wanted, msgspec.json.encode(said), (), timestamp_ms=int(at.timestamp() * 1_000)
        )
    finder = ChainFinder(counting, place.store, FLYWHEEL, Trust([place.key.public_key()]))
    assert finder.find(request_id(AT, 2), AT).model is not None
    assert counting.read_records == 1


def test_what_is_not_recorded_is_said(place: Place) -> None:
    """With when the id was made, and how long answers are kept."""
    with pytest.raises(NotDone, match=r"made at 2026-01-02 .* kept for 30 days"):
        place.find(request_id(AT, 9))
    with pytest.raises(NotDone, match="no task colours"):
        place.find(place.answer(model="colours"))


def test_links_that_are_gone_are_named_and_the_others_stay(place: Place) -> None:
    """A model version, a dataset version, a fetch whose record the topic no longer holds, and a pack."""
    other = place.find(place.answer(model_version=9, dataset_version=8))
    assert (other.model, other.dataset, other.rows) == (None, None, ())
    assert len(other.gone) == 2
    place.store.delete("raw/site/pack.warc.gz")
    found = place.find(place.answer(AT + timedelta(seconds=1)), AT)
    assert found.page is not None
    assert not found.page.is_there
    place.topics = MemoryTopics()
    found = place.find(place.answer())
    assert found.page is None
    assert "no longer holds the fetch of http://site.example/rotating" in found.gone[0]


def test_a_model_that_nobody_trusts_is_no_link(place: Place) -> None:
    """Its manifest may say anything."""
    place.key = Ed25519PrivateKey.generate()
    found = place.find(place.answer())
    assert found.model is None
    assert "not to be trusted" in found.gone[0]
