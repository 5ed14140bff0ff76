"""When a dataset version is worth training on, by the policy of `[dataset.ready]`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from shared.contracts.split import Split
from shared.datasets.manifest import Manifest
from shared.datasets.ready import ReadyRecords
from shared.datasets.store import DatasetStore, NoSuchVersion
from shared.flywheel.config import Readiness

TRAIN: Final = f"split:{Split.TRAIN.value}"


@dataclass(frozen=True)
class Ready:
    """The version is worth training on; `trigger` is the rule that says so: `new-rows` or `age`."""

    trigger: str


@dataclass(frozen=True)
class NotReady:
    """It isn't, and why."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Last:
    """The last version that was ready; where none was, the beginning of the dataset, with version 0."""

    version: int
    at: datetime
    train_rows: int = 0
    content_hash: str = ""
    next_offsets: Mapping[str, int] = field(default_factory=dict)


def readiness(head: Manifest, last: Last, policy: Readiness, now: datetime) -> Ready | NotReady:
    """Say whether `head` has grown enough since `last`, or is different and `last` old, and nothing comes in any more.

    Whether every label is covered is asked then (`uncovered`), for it costs more to know.
    """
    if head.version <= last.version:
        return NotReady("nothing has been committed since the last version that was ready")
    if now - head.created_at < timedelta(seconds=policy.quiet_seconds):
        return NotReady(f"rows still come in: the last commit is less than {policy.quiet_seconds:g} s ago")
    grown = train_rows(head) - last.train_rows
    if grown >= max(1, policy.new_rows):
        return Ready("new-rows")
    # The curator's versions, too, have other shards; but only a builder's go on in the topic.
    changed = head.content_hash != last.content_hash and head.next_offsets != last.next_offsets
    if changed and train_rows(head) and now - last.at >= timedelta(seconds=policy.max_age_seconds):
        return Ready("age")
    return NotReady(f"{grown} new training rows of {policy.new_rows}, and the last ready version is not old enough")


def train_rows(manifest: Manifest) -> int:
    """Count the training rows of a version."""
    return manifest.rows.get(TRAIN, 0)


def last_ready(datasets: DatasetStore, head: Manifest, known: Last | None = None) -> Last:
    """Read the last version that was ready; where none was, the oldest version that there is is the beginning.

    `known` is what was read before, which saves reading its manifest again. Raises `Outage`.
    """
    records = ReadyRecords(datasets.store, datasets.dataset)
    versions = records.versions()
    record = records.read(versions[-1]) if versions else None
    if record is None:
        first = _manifest(datasets, 1) or _manifest(datasets, min(datasets.versions(), default=head.version)) or head
        return Last(version=0, at=first.created_at)
    if known is not None and known.version == record.version:
        return known
    manifest = _manifest(datasets, record.version)
    return Last(
        version=record.version,
        at=record.created_at,
        train_rows=record.train_rows,
        content_hash="" if manifest is None else manifest.content_hash,
        next_offsets={} if manifest is None else manifest.next_offsets,
    )


def _manifest(datasets: DatasetStore, version: int) -> Manifest | None:
    try:
        return datasets.read(version)
    except NoSuchVersion:
        return None
