"""An ingestion waits for what is on its way, no longer, and says what became of it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from services.console.core.closing import Crawled
from services.console.flow import Flow
from services.console.ingestion import Ingestion, Limits, Progress
from services.console.terminal import NotDone
from shared.contracts.envelope import Origin
from shared.contracts.topics import DOCUMENTS_AUGMENTED, DOCUMENTS_CLEAN, DOCUMENTS_RAW
from shared.datasets.live import count_rows
from shared.datasets.manifest import Manifest
from shared.datasets.ready import ReadyRecord, ReadyRecords
from shared.datasets.store import DatasetStore
from shared.flywheel.config import Flywheel
from shared.io.memory import MemoryObjectStore
from tests.services.console.documents import augmented, clean, raw, row
from tests.services.console.memory_topics import AT, MemoryTopics

FLYWHEEL = Flywheel.model_validate(
    {
        "sources": [{"name": "site", "start_urls": ["http://127.0.0.1:8808/"], "licence": "MPL-2.0"}],
        "dataset": {"name": "site", "ready": {"quiet_seconds": 0, "new_rows": 2}},
    }
)


@dataclass
class Site:
    """A flow in memory: a crawl publishes two pages, and each look at the stages lets them do one piece of work."""

    topics: MemoryTopics = field(default_factory=MemoryTopics)
    datasets: DatasetStore = field(default_factory=lambda: DatasetStore(MemoryObjectStore(), "site"))
    committed: dict[str, dict[int, int]] = field(default_factory=lambda: {"cleaner": {}, "augmenter": {}})
    told: list[Progress] = field(default_factory=list)
    work: list[Callable[[], None]] = field(default_factory=list)
    mark: bool = True

    def crawl(self) -> Crawled:
        """Publish two pages, and leave the rest to the stages."""
        origins = {name: self.topics.send(DOCUMENTS_RAW, raw(name)) for name in "ab"}
        self.work = [lambda: self._clean(origins), self._augment, self._build, self._mark]
        return Crawled(source="site", pages=2, rejected={}, seconds=1.0)

    def look(self, group: str, _: str) -> dict[int, int]:
        """Say what a group has committed; before, when the first of the flow is asked, some work is done."""
        if group == "cleaner" and self.told and self.work:
            self.work.pop(0)()
        return self.committed[group]

    def tell(self, progress: Progress) -> None:
        """Note what is said, and mark the version as ready once only that is waited for."""
        self.told.append(progress)
        if progress.waits_for == "the readiness policy":
            for work in self.work:
                work()
            self.work = []

    def _clean(self, origins: dict[str, Origin]) -> None:
        for name, origin in origins.items():
            self.topics.send(DOCUMENTS_CLEAN, clean(name), origin)
        self.committed["cleaner"] = self.topics.ends(DOCUMENTS_RAW.name)

    def _augment(self) -> None:
        cleaned = {record.key: record.origin for record in self.topics.read(DOCUMENTS_CLEAN.name)}
        for name in "ab":
            made = augmented(name)
            self.topics.send(DOCUMENTS_AUGMENTED, made, cleaned[made.document_id.encode()])
        self.committed["augmenter"] = self.topics.ends(DOCUMENTS_CLEAN.name)

    def _build(self) -> None:
        rows = [row("a"), row("b")]
        ends = self.topics.ends(DOCUMENTS_AUGMENTED.name)
        offsets = {f"{DOCUMENTS_AUGMENTED.name}/{place}": end for place, end in ends.items()}
        manifest = Manifest(
            dataset="site",
            version=1,
            created_at=AT,
            writer="t",
            shards=(self.datasets.put_shard(rows),),
            rows=count_rows(rows),
            next_offsets=offsets,
        )
        self.datasets.commit(manifest)

    def _mark(self) -> None:
        if not self.mark:
            return
        record = ReadyRecord(
            version=1, created_at=AT, trigger="t", rows={}, train_rows=2, manifest_sha256="", manifest_bytes=0
        )
        ReadyRecords(self.datasets.store, "site").mark(record)


def ingestion(site: Site, stall_seconds: float = 30.0) -> Ingestion:
    """Make an ingestion of `site` that looks all the time."""
    flow = Flow(site.look, site.topics, site.datasets)
    return Ingestion(FLYWHEEL, flow, site.topics, site.datasets, Limits(stall_seconds, 0.0), site.tell, now=lambda: AT)


def test_it_waits_for_every_stage_and_for_the_ready_version() -> None:
    """Then the table says what came in and where it is."""
    site = Site()

    done = ingestion(site).run([site.crawl])

    assert (done.documents.published, done.documents.kept, done.documents.in_flight) == (2, 2, 0)
    assert (done.version, done.ready, done.rows["total"]) == (1, 1, 2)
    assert done.not_ready_because == ""
    assert [stage.stage for stage in done.stages] == ["clean", "augment"]
    waits = [progress.waits_for for progress in site.told]
    assert waits[-1] == "the readiness policy"
    assert set(waits[:-1]) == {"the stages"}
    assert len(waits) == 4


def test_the_stages_times_are_of_this_ingestion() -> None:
    """Topics hold what came days ago too."""
    done = replace(ingestion(site := Site()), since=AT + timedelta(days=1)).run([site.crawl])
    assert (done.documents.published, done.stages) == (2, ())


def test_a_stage_that_stands_still_is_named() -> None:
    """With what to do about it; nobody waits for ever."""
    site = Site()
    site.topics.send(DOCUMENTS_RAW, raw("a"))

    with pytest.raises(NotDone, match=r"cleaner has 1 records .* cache is down: it was stopped.* NAME=cleaner"):
        replace(ingestion(site, stall_seconds=0.05), down=lambda: {"cache": "it was stopped."}).run([])


def test_a_stage_that_is_down_for_good_is_not_waited_for() -> None:
    """What the supervisor says of it is passed on; what is down and has nothing to do is no matter."""
    site = Site()
    site.topics.send(DOCUMENTS_RAW, raw("a"))
    down = {"augmenter": "stopped by hand", "cleaner": "halted: no disk"}

    with pytest.raises(NotDone, match=r"^cleaner is down with 1 records before it. halted: no disk$"):
        replace(ingestion(site), down=lambda: down).run([])


def test_a_crawl_that_fails_ends_it() -> None:
    """The next source isn't read, and nothing is waited for."""
    site = Site()

    def fail() -> Crawled:
        raise NotDone("the site has changed")

    with pytest.raises(NotDone, match="has changed"):
        ingestion(site).run([fail, site.crawl])
    assert site.told == []


def test_nothing_to_do_is_done_at_once() -> None:
    """An empty flow has nothing on its way and no version to wait for."""
    done = ingestion(Site()).run([])
    assert (done.documents.published, done.version, done.ready) == (0, None, None)
    assert done.not_ready_because == "nothing was built"


def test_a_policy_that_says_no_is_not_waited_for() -> None:
    """Its reason is in the table."""
    site = Site()
    policy = FLYWHEEL.dataset.ready.model_copy(update={"new_rows": 3})
    dataset = FLYWHEEL.dataset.model_copy(update={"ready": policy})
    patient = replace(ingestion(site), flywheel=FLYWHEEL.model_copy(update={"dataset": dataset}))
    site.mark = False

    done = patient.run([site.crawl])

    assert (done.version, done.ready) == (1, None)
    assert done.not_ready_because.startswith("2 new training rows of 3")
