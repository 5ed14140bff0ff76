"""When a dataset version is worth training on, by the policy of `[dataset.ready]`. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from shared.contracts.split import Split
from shared.datasets.manifest import Manifest
from shared.flywheel.config import Readiness

TRAIN: Final = f"split:{Split.TRAIN.value}"


@dataclass(frozen=True)
class Ready:
    """The version is worth training on; `trigger` is the rule that says so: `new-rows`, `correction` or `age`."""

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
    corrections: int = 0
    content_hash: str = ""
    next_offsets: Mapping[str, int] = field(default_factory=dict)


def readiness(head: Manifest, last: Last, policy: Readiness, now: datetime) -> Ready | NotReady:
    """Say whether `head` has grown enough since `last`, or is different and `last` old, and nothing comes in any more.

    A correction alone is enough too, for somebody waits for it; but not before there is a first version to correct.
    Words of customers that make no row come all day, so only commits that change rows are waited out. Whether every
    label is covered is asked then (`uncovered`), for it costs more to know.
    """
    if head.version <= last.version:
        return NotReady("nothing has been committed since the last version that was ready")
    quiet = now - (head.changed_at or head.created_at)
    # Who committed by a clock ahead of ours is not waited for until ours is there too.
    if timedelta(0) <= quiet < timedelta(seconds=policy.quiet_seconds):
        return NotReady(f"rows still come in: the last commit is less than {policy.quiet_seconds:g} s ago")
    grown = train_rows(head) - last.train_rows
    if grown >= max(1, policy.new_rows):
        return Ready("new-rows")
    if last.version and head.corrections > last.corrections:
        return Ready("correction")
    # The curator's versions, too, have other shards; but only a builder's go on in the topic.
    changed = head.content_hash != last.content_hash and head.next_offsets != last.next_offsets
    if changed and train_rows(head) and now - last.at >= timedelta(seconds=policy.max_age_seconds):
        return Ready("age")
    so_many = f"{grown:,} new training rows of {policy.new_rows:,}" if grown >= 0 else f"{-grown:,} training rows fewer"
    # A time and not an age: a log has it once, however long it waits.
    old_at = last.at.astimezone(UTC) + timedelta(seconds=policy.max_age_seconds)
    return NotReady(
        f"{so_many}, by [dataset.ready] new_rows; from {old_at:%Y-%m-%d %H:%M:%S %Z} on any new row is enough, "
        "by max_age_seconds"
    )


def train_rows(manifest: Manifest) -> int:
    """Count the training rows of a version."""
    return manifest.rows.get(TRAIN, 0)
