"""What of a dataset nobody needs any more: old versions, and shards that no version names. Pure."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple


class Keep(NamedTuple):
    """What is kept whatever happens: so many last versions, versions so young, and unnamed shards so young.

    `shard_grace` is the time that a writer has between a shard and the manifest that names it.
    """

    versions: int
    version_age: timedelta
    shard_grace: timedelta


def old_versions(made: Mapping[int, datetime], needed: Collection[int], keep: Keep, now: datetime) -> list[int]:
    """Name the versions that may go, ascending, of all those that were `made`, each at a time of the store's clock.

    Kept are the head, the last ones, the young ones, and those that are `needed`: ready ones, and what evaluation sets
    are made from.
    """
    newest = sorted(made, reverse=True)[: max(1, keep.versions)]
    return sorted(
        version
        for version, at in made.items()
        if version not in newest and version not in needed and now - at > keep.version_age
    )


def orphans(shards: Iterable[tuple[str, datetime]], named: Collection[str], keep: Keep, now: datetime) -> list[str]:
    """Name the shards that may go: no version that is kept names them, and they are older than the grace time.

    `shards` must have been listed before the versions were read that `named` comes from, and `now` be by the store's
    clock: so a shard whose manifest came in between is named, and one whose manifest is still to come is young.
    """
    return sorted(key for key, at in shards if key not in named and now - at > keep.shard_grace)
