"""Measures how soon new pages are served: 2,000 new rows to a new champion, warm, on the real stack, split by stage.

A stack of its own is brought to where a team is on any day: the example's site is in, less some pages of every
application, and the encoder's champion serves. Then, a share at a time, the pages that were held back are crawled, and
every step is timed by what it left behind: records, manifests, decisions, costs, aliases, and the gateway's answers.
"""

import re
import shutil
import statistics
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from benchmarks.report import Row, publish
from infra.demo import commands, world
from infra.demo.world import CONSOLE, World
from infra.local.flywheel import EXAMPLE
from infra.local.home import Home, default_home
from infra.site.packages import fetch
from infra.site.server import LOOPBACK, PORT, site_server
from infra.site.tree import flat, pages_of
from shared.contracts.topics import DOCUMENTS_AUGMENTED
from shared.datasets.manifest import Manifest
from shared.datasets.ready import ReadyRecord
from shared.datasets.store import DatasetStore
from shared.flywheel.config import Flywheel
from shared.flywheel.load import load_flywheel
from shared.io.s3 import S3ObjectStore
from shared.models.manifest import ModelManifest
from shared.models.store import ModelStore
from shared.settings import KafkaSettings, StoreSettings, load
from shared.stream.topic_reader import TopicReader

ROUNDS: Final = 3
GOAL: Final = 60.0
PARTS: Final = 18
"""Each round brings one page in so many: about 140 of each language, and above 2,000 training rows."""
SECONDS: Final = 600.0
POLL_SECONDS: Final = 0.05
QUESTION: Final = "how do I add up a column"
COMMAND: Final = "make bench-loop"

NOTES: Final = {
    "commit": "the last document is clean and copied -> the dataset version that has its rows",
    "quiet": "-> it is ready; the example's policy waits 6 s for more",
    "event": "-> the trainer has taken it, by way of Kafka",
    "read": "-> the rows are read",
    "train": "-> the head is learnt, new texts embedded, its graph written",
    "evaluate": "-> candidate and champion have answered the rows that they are judged on",
    "publish": "-> files are in S3, the version is signed",
    "gate": "-> the baseline of the new rows is learnt, the verdict recorded, and the alias moved",
    "swap": "-> the gateway answers with it",
}
"""The stages in their order, and what each is."""

T = TypeVar("T")


@dataclass(frozen=True)
class Round:
    """One share of new pages: how many training rows it brought, and the seconds of each stage."""

    rows: int
    crawl: float
    stages: dict[str, float]

    @property
    def total(self) -> float:
        """Give the seconds from the last document to the first answer."""
        return sum(self.stages.values())


def part_of(page: str) -> int:
    """Give the share that a page is in, the same for its translations."""
    return zlib.crc32(page.partition("/")[2].encode()) % PARTS


def split_tree(tree: Path, folder: Path) -> list[Path]:
    """Copy the site's pages into a tree for each round, and one, the first, for all the rest."""
    trees = [folder / f"part-{number}" for number in range(ROUNDS + 1)]
    for pages in pages_of(tree).values():
        for page in flat(pages):
            number = part_of(page) + 1
            target = trees[number if number <= ROUNDS else 0] / page
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(tree / page, target)
    return trees


def write_flywheel(addresses: Sequence[str], file: Path) -> Flywheel:
    """Write the example's file with its two sources for each of the sites; of the later ones only their own pages."""
    text = EXAMPLE.read_text("utf-8")
    begin, end = text.index("\n[[sources]]\n"), text.index("# How pages become text.")
    sources = re.sub(r"min_pages = [\d_]+\nmax_pages = [\d_]+", "min_pages = 1", text[begin:end])
    made = []
    for number, address in enumerate(addresses):
        one = sources.replace(f"http://{LOOPBACK}:{PORT}", address)
        made.append(re.sub(r'name = "(libreoffice-help-..)"', rf'name = "\1-{number}"', one))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text[:begin] + "".join(made) + text[end:], "utf-8")
    return load_flywheel(file)


@contextmanager
def loop(folder: Path) -> Iterator["Loop"]:
    """Bring a stack up for the parted site, for as long as the block lasts."""
    base = default_home()
    tree, home = base.root / "sites" / "libreoffice-help", Home(base.root / "bench-loop")
    fetch(tree)
    world.clear(home)
    with ExitStack() as stack:
        addresses = [stack.enter_context(site_server(part)) for part in split_tree(tree, folder)]
        flywheel = write_flywheel(addresses, home.root / "millrace.toml")
        stack.callback(world.clear, home)
        world.start_stack(home, home.root / "millrace.toml", sys.stdout.write)
        opened = stack.enter_context(world.opened(home, flywheel))
        store = S3ObjectStore.from_settings(load(StoreSettings))
        stack.callback(store.close)
        yield Loop(opened, flywheel, store)


def awaited(what: str, probe: Callable[[], T | None]) -> T:
    """Wait until there is something, and give it; raises `TimeoutError`."""
    deadline = time.monotonic() + SECONDS
    while (found := probe()) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {SECONDS:g} s there is still no {what}")
        time.sleep(POLL_SECONDS)
    return found


@dataclass(frozen=True)
class Loop:
    """A stack, and what has become of new pages in it."""

    world: World
    flywheel: Flywheel
    store: S3ObjectStore

    def prepare(self) -> ReadyRecord:
        """Bring in the first part of the site, and let the ladder be climbed; gives the newest ready version."""
        self.ingest(0)
        ready = awaited("ready version", self.world.made.ready)
        while (later := self.world.made.ready(ready.version)) is not None:
            ready = later
        decision = awaited("decision", lambda: self.world.made.decision(ready.version))
        for run in decision.runs:
            outcome = awaited("outcome", lambda run=run: self.world.made.outcome(ready.version, run.recipe))  # type: ignore[misc]  # bound now
            sys.stdout.write(f"{run.recipe}: {outcome.decision}, {outcome.reason}\n")
        return ready

    def ingest(self, part: int) -> None:
        """Crawl one part of the site, and wait until its pages are rows, or not."""
        names = [source.name for source in self.flywheel.sources if source.name.endswith(f"-{part}")]
        commands.run(CONSOLE, "ingest", *names, "--json")

    def measure(self, part: int, before: ReadyRecord) -> tuple[Round, ReadyRecord]:
        """Bring in one part, and time it up to the first answer of what it taught; raises `RuntimeError`."""
        began = datetime.now(UTC)
        names = [source.name for source in self.flywheel.sources if source.name.endswith(f"-{part}")]
        with commands.started(CONSOLE, "ingest", *names, "--json") as ingestion:
            ready = awaited("ready version", lambda: self.world.made.ready(before.version))
            decision = awaited("decision", lambda: self.world.made.decision(ready.version))
            recipe = decision.runs[0].recipe
            version, served = self._served(ready, recipe)
            ingestion.output()
        made = self.world.made.model(version)
        last, committed = self._last_record(ready), self._manifest(ready).created_at
        aliases = ModelStore(self.store, made.model).aliases()
        if aliases is None or aliases.champion != version:
            raise RuntimeError(f"version {version} isn't the champion any more: somebody else works with this stack")
        stages = {
            "commit": (committed - last).total_seconds(),
            "quiet": (ready.created_at - committed).total_seconds(),
            "event": (decision.decided_at - ready.created_at).total_seconds(),
            **run_stages(made, (aliases.at - decision.decided_at).total_seconds()),
            "swap": (served - aliases.at).total_seconds(),
        }
        return Round(ready.train_rows - before.train_rows, (last - began).total_seconds(), stages), ready

    def _served(self, ready: ReadyRecord, recipe: str) -> tuple[int, datetime]:
        """Ask until the version that a run has made answers; gives it, and when."""
        serving = self.world.gateway.classify(QUESTION).model_version

        def answers() -> tuple[int, datetime] | None:
            version = self.world.gateway.classify(QUESTION).model_version
            if version != serving:
                return version, datetime.now(UTC)
            outcome = self.world.made.outcome(ready.version, recipe)
            if outcome is not None and outcome.decision != "promote":
                raise RuntimeError(f"the gate keeps the champion: {outcome.reason}")
            return None

        return awaited("new champion", answers)

    def _manifest(self, ready: ReadyRecord) -> Manifest:
        return DatasetStore(self.store, self.flywheel.dataset.name).read(ready.version)

    def _last_record(self, ready: ReadyRecord) -> datetime:
        """Give when the last document was sent that a version has read."""
        name, prefix = DOCUMENTS_AUGMENTED.name, f"{DOCUMENTS_AUGMENTED.name}/"
        ends = {
            int(place.removeprefix(prefix)): end
            for place, end in self._manifest(ready).next_offsets.items()
            if place.startswith(prefix)
        }
        reader = TopicReader(load(KafkaSettings))
        last = reader.records(name, ends, {partition: end - 1 for partition, end in ends.items()})
        return datetime.fromtimestamp(max(record.timestamp_ms for record in last) / 1_000, UTC)


def run_stages(made: ModelManifest, seconds: float) -> dict[str, float]:
    """Split the seconds from decision to alias by what the run measured; what it didn't is the gate's."""
    took = made.cost.stages
    told = {
        "read": took.get("read", 0.0),
        "train": took.get("train", 0.0),
        "evaluate": took.get("evaluate", 0.0),
        "publish": took.get("logs", 0.0) + took.get("upload", 0.0),
    }
    return told | {"gate": seconds - sum(told.values())}


def figures(rounds: Sequence[Round]) -> list[Row]:
    """Make the rows: medians of the rounds."""
    fewest = min(one.rows for one in rounds)
    rows = [
        Row(
            name="new rows to new champion served",
            value=statistics.median(one.total for one in rounds),
            unit="s",
            goal=GOAL,
            comparison="<=",
            note=f"{fewest:,} new training rows or more, e5-small and n-grams in one head, everything warm",
        )
    ]
    rows += [
        Row(name=name, value=statistics.median(one.stages[name] for one in rounds), unit="s", note=note)
        for name, note in NOTES.items()
    ]
    crawl = statistics.median(one.crawl for one in rounds)
    return [*rows, Row(name="before it: crawl, clean, copy", value=crawl, unit="s", note="from the crawl's start")]


def main() -> None:
    """Measure everything and publish it."""
    rounds = []
    with tempfile.TemporaryDirectory() as folder, loop(Path(folder)) as opened:
        ready = opened.prepare()
        for part in range(1, ROUNDS + 1):
            found, ready = opened.measure(part, ready)
            rounds.append(found)
            sys.stdout.write(f"round {part}: {found}\n")
    publish("loop", figures(rounds), COMMAND)


if __name__ == "__main__":
    main()
