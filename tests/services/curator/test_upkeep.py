"""Tests of what the curator does on a timer."""

from services.curator.settings import CuratorSettings
from services.curator.upkeep import Upkeep
from shared.datasets.store import DatasetStore
from shared.io.memory import MemoryObjectStore
from tests.services.curator.builders import NOW, append, row

SETTINGS = CuratorSettings(
    merge_min_shards=2, keep_versions=1, version_age_seconds=0, grace_seconds=0, collect_every_seconds=100
)


def test_what_is_due_is_done_in_every_dataset_and_at_the_first_call() -> None:
    """Then again when its time is over, and not before."""
    store, clock = MemoryObjectStore(), [0.0]
    datasets = [DatasetStore(store, name) for name in ("help", "other")]
    upkeep = Upkeep(store, SETTINGS, lambda: clock[0], lambda: NOW)
    for dataset in datasets:
        append(dataset, [row("a")])
        append(dataset, [row("b")])
    upkeep.run_due()
    assert [dataset.versions()[-1] for dataset in datasets] == [3, 3]
    for dataset in datasets:
        append(dataset, [row("c")])
        append(dataset, [row("d")])
    clock[0] = 59
    upkeep.run_due()
    assert [dataset.versions()[-1] for dataset in datasets] == [5, 5]
    clock[0] = 60
    upkeep.run_due()
    assert [dataset.versions()[-1] for dataset in datasets] == [6, 6]


def test_a_damaged_shard_holds_up_no_other_dataset() -> None:
    """It is told; the others are looked after."""
    store = MemoryObjectStore()
    bad, good = DatasetStore(store, "bad"), DatasetStore(store, "good")
    for dataset in (bad, good):
        append(dataset, [row("a")])
        append(dataset, [row("b")])
    head = bad.head()
    assert head is not None
    store.put(head.shards[0].key, b"damaged")
    Upkeep(store, SETTINGS, now=lambda: NOW).run_due()
    assert bad.versions()[-1] == 2
    assert good.versions()[-1] == 3
