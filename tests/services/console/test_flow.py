"""How far the stages of the flow are."""

from services.console.flow import Flow, Stage
from shared.contracts.topics import DOCUMENTS_AUGMENTED, DOCUMENTS_CLEAN, DOCUMENTS_RAW
from shared.datasets.manifest import Manifest
from shared.datasets.store import DatasetStore
from shared.io.memory import MemoryObjectStore
from tests.services.console.documents import augmented, clean, raw
from tests.services.console.memory_topics import AT, MemoryTopics


def test_each_stage_is_as_far_as_the_broker_and_the_dataset_say() -> None:
    """Groups by what they have committed, the builder by the manifest: its group's offsets only follow."""
    topics, datasets = MemoryTopics(), DatasetStore(MemoryObjectStore(), "site")
    for name in "abcdefgh":
        origin = topics.send(DOCUMENTS_CLEAN, clean(name), topics.send(DOCUMENTS_RAW, raw(name)))
        topics.send(DOCUMENTS_AUGMENTED, augmented(name), origin)
    raw_ends, augmented_ends = topics.ends(DOCUMENTS_RAW.name), topics.ends(DOCUMENTS_AUGMENTED.name)
    committed = {"cleaner": raw_ends, "augmenter": {}}
    flow = Flow(lambda group, _: committed[group], topics, datasets)

    assert flow.stages() == [Stage("cleaner", 8, 8), Stage("augmenter", 0, 8), Stage("dataset_builder", 0, 8)]

    offsets = {f"{DOCUMENTS_AUGMENTED.name}/{place}": end for place, end in augmented_ends.items()}
    other = {f"{DOCUMENTS_CLEAN.name}/0": 99}
    datasets.commit(Manifest(dataset="site", version=1, created_at=AT, writer="t", next_offsets={**offsets, **other}))
    assert flow.stages()[-1] == Stage("dataset_builder", 8, 8)
    assert [stage.waiting for stage in flow.stages()] == [0, 8, 0]
