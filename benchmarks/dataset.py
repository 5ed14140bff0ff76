"""Measures how fast a dataset is read: our reader from S3 and from a folder, beside WebDataset on the same records."""

import json
import random
import resource
import statistics
import sys
import tarfile
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import msgspec
import webdataset

from benchmarks.report import Row as Figure
from benchmarks.report import publish
from infra.local.servers import running_servers
from shared.contracts.documents import Lineage
from shared.contracts.split import split_of
from shared.datasets.live import content_hash
from shared.datasets.manifest import Manifest
from shared.datasets.order import Order
from shared.datasets.reader import DatasetReader, Selection, Shards
from shared.datasets.rows import Row, edition_of, row_id_of
from shared.datasets.shard_cache import ShardCache
from shared.datasets.store import DatasetStore
from shared.io.s3 import S3ObjectStore

RECORDS: Final = 24_000
SHARD_RECORDS: Final = 3_000
TEXT_BYTES: Final = 5_000
ROUNDS: Final = 3
BATCH: Final = 64
SHUFFLE_RECORDS: Final = 1_000
WINDOW_BYTES: Final = 16 * 1024 * 1024
GOAL: Final = 50_000.0
LABELS: Final = ("calc", "writer", "impress", "base")

PEER: Final = "WebDataset, folder"
NOTES: Final = {
    "reader, S3": "a first epoch: every shard is fetched",
    "reader, folder": "a later epoch: shards are in the folder, digests are checked again",
    "reader, folder, batches": f"the same, {BATCH} records at a time",
}
"""Our contenders, and what is to be said of each."""

Read = Callable[[int], int]
"""Reads one epoch, of the number that it is given, and tells how many characters of text it saw."""


@dataclass(frozen=True)
class Speed:
    """What one epoch took: records a second, and the processor's time in microseconds a record, all threads."""

    rate: float
    cpu: float


def rows() -> list[Row]:
    """Make the records: English and Chinese in turn, words drawn as unevenly as in a text, from a fixed seed."""
    chance = random.Random(5)  # noqa: S311 - texts, not secrets
    letters = "etaoinshrdlucmfwypvbgkjqxz"
    english = ["".join(chance.choices(letters, k=chance.randint(2, 9))) for _ in range(8_000)]
    chinese = ["".join(chr(chance.randint(0x4E00, 0x7FFF)) for _ in range(2)) for _ in range(8_000)]
    often = list(accumulate(1 / (rank + 3) for rank in range(8_000)))
    return [
        _row(number, "zh", "".join(chance.choices(chinese, cum_weights=often, k=TEXT_BYTES // 6)), chance)
        if number % 2
        else _row(number, "en", " ".join(chance.choices(english, cum_weights=often, k=TEXT_BYTES * 2 // 13)), chance)
        for number in range(RECORDS)
    ]


def _row(number: int, language: str, text: str, chance: random.Random) -> Row:
    group = f"site:/page-{number}.html"
    lineage = Lineage(
        source="site",
        url=f"http://127.0.0.1/{language}/page-{number}.html",
        fetched_at=datetime(2026, 7, 1, tzinfo=UTC),
        licence="MPL-2.0",
        content_hash=chance.randbytes(32).hex(),
        group_id=group,
        rule_set="1-0a1b2c3d",
    )
    document = chance.randbytes(16).hex()
    return Row(
        row_id=row_id_of(document, lineage, "page", 0),
        document_id=document,
        edition=edition_of(lineage),
        kind="page",
        part=0,
        text=text,
        title=text[:40],
        language=language,
        split=split_of(group),
        labels={"application": chance.choice(LABELS)},
        lineage=lineage,
        signature=chance.randbytes(512),
    )


def write_dataset(store: DatasetStore, records: list[Row]) -> Manifest:
    """Commit the records as one version."""
    starts = range(0, len(records), SHARD_RECORDS)
    shards = tuple(store.put_shard(records[start : start + SHARD_RECORDS]) for start in starts)
    base = Manifest(dataset=store.dataset, version=1, created_at=datetime.now(UTC), writer="benchmark", shards=shards)
    manifest = msgspec.structs.replace(base, content_hash=content_hash(base))
    store.commit(manifest)
    return manifest


def write_tars(folder: Path, records: list[Row]) -> list[str]:
    """Write the same texts and labels as WebDataset has them: a .txt and a .json a record, in tar files."""
    paths = []
    for start in range(0, len(records), SHARD_RECORDS):
        paths.append(str(folder / f"{start:06d}.tar"))
        with tarfile.open(paths[-1], "w") as tar:
            for record in records[start : start + SHARD_RECORDS]:
                _add(tar, f"{record.row_id}.txt", record.text.encode())
                _add(tar, f"{record.row_id}.json", json.dumps(record.labels).encode())
    return paths


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, BytesIO(data))


def read_ours(shards: Shards, manifest: Manifest, epoch: int) -> int:
    """Read our dataset record by record: text and labels as Python values, shuffled."""
    reader = DatasetReader(
        shards, manifest, Selection(("text", "labels")), Order(epoch=epoch, window_bytes=WINDOW_BYTES)
    )
    return sum(len(record["text"]) for record in reader if record["labels"])


def read_batches(shards: Shards, manifest: Manifest, epoch: int) -> int:
    """Read it in batches, whose texts become Python values."""
    reader = DatasetReader(
        shards, manifest, Selection(("text", "labels")), Order(epoch=epoch, window_bytes=WINDOW_BYTES)
    )
    return sum(len(text) for batch in reader.batches(BATCH) for text in batch.column("text").to_pylist())


def read_webdataset(paths: list[str], epoch: int) -> int:
    """Read the tar files as WebDataset's user guide shows it: shuffled in a buffer, decoded, as a tuple."""
    chance = random.Random(epoch)  # noqa: S311 - an order, not a secret
    records: Iterator[tuple[str, Mapping[str, Any]]] = (
        webdataset.WebDataset(paths, shardshuffle=len(paths), detshuffle=True, seed=epoch, empty_check=False)
        .shuffle(SHUFFLE_RECORDS, rng=chance)
        .decode()
        .to_tuple("txt", "json")
    )
    return sum(len(text) for text, labels in records if labels)


def measure(read: Read, epoch: int, characters: int) -> Speed:
    """Read one epoch; raises `RuntimeError` where it wasn't all of the text."""
    before, started = _cpu_seconds(), time.perf_counter()
    seen = read(epoch)
    seconds = time.perf_counter() - started
    if seen != characters:
        raise RuntimeError(f"{seen} characters were read of {characters}")
    return Speed(RECORDS / seconds, (_cpu_seconds() - before) / RECORDS * 1e6)


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def figures(found: Mapping[str, list[Speed]]) -> list[Figure]:
    """Make the rows: medians of the rounds."""
    rate = {name: statistics.median(speed.rate for speed in speeds) for name, speeds in found.items()}
    cpu = {name: statistics.median(speed.cpu for speed in speeds) for name, speeds in found.items()}
    peers = {PEER: rate[PEER]}
    rates = [
        Figure(name=f"{name}: rate", value=rate[name], unit="records/s", goal=GOAL, peers=peers, note=note)
        for name, note in NOTES.items()
    ]
    return rates + [
        Figure(name=f"{name}: CPU", value=cpu[name], unit="µs a record", peers={PEER: cpu[PEER]}) for name in NOTES
    ]


def main() -> None:
    """Measure everything and publish it."""
    warnings.filterwarnings("ignore", module="webdataset")
    records = rows()
    characters = sum(len(record.text) for record in records)
    sys.stdout.write(f"{RECORDS} records of {sum(len(one.text.encode()) for one in records) / RECORDS:.0f} bytes\n")
    with tempfile.TemporaryDirectory() as home, running_servers(Path(home) / "servers", ("s3",)) as servers:
        folder = Path(home)
        store = DatasetStore(S3ObjectStore.from_settings(servers.endpoints.s3), "benchmark")
        manifest, cache = write_dataset(store, records), ShardCache(store, folder / "cache")
        contenders: dict[str, Read] = {
            "reader, S3": partial(read_ours, store, manifest),
            "reader, folder": partial(read_ours, cache, manifest),
            "reader, folder, batches": partial(read_batches, cache, manifest),
            PEER: partial(read_webdataset, write_tars(folder, records)),
        }
        for read in contenders.values():
            read(0)  # so that nobody pays for imports, or for the first look at a file
        found: dict[str, list[Speed]] = {name: [] for name in contenders}
        for epoch in range(1, ROUNDS + 1):
            for name, read in contenders.items():
                found[name].append(measure(read, epoch, characters))
    publish("dataset", figures(found), "make bench-dataset")


if __name__ == "__main__":
    main()
