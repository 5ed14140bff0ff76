"""How far each stage of the flow is, by what the broker and the dataset say of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.contracts.topics import DOCUMENTS_AUGMENTED, DOCUMENTS_CLEAN, DOCUMENTS_RAW, Topic
from shared.datasets.store import DatasetStore
from shared.stream.topic_reader import Topics

GROUPS: Final[tuple[tuple[str, Topic[Any]], ...]] = (("cleaner", DOCUMENTS_RAW), ("augmenter", DOCUMENTS_CLEAN))
"""Consumer groups in the order of the flow, with what they read."""

BUILDER: Final = "dataset_builder"
"""The last stage: its offsets are in the dataset's manifest."""


@dataclass(frozen=True)
class Stage:
    """How far one stage is: `done` of `total` records are behind it."""

    name: str
    done: int
    total: int

    @property
    def waiting(self) -> int:
        """Give how many records it has before it."""
        return self.total - self.done


@dataclass(frozen=True)
class Flow:
    """The stages of one flywheel; `committed` gives a group's offsets on a topic (`KafkaAdmin.committed`).

    Every call may raise `Outage`.
    """

    committed: Callable[[str, str], Mapping[int, int]]
    reader: Topics
    datasets: DatasetStore

    def stages(self) -> list[Stage]:
        """Ask each stage, in the order of the flow: where none has anything before it, nothing is on its way."""
        return list(self._stages())

    def _stages(self) -> Iterator[Stage]:
        for group, topic in GROUPS:
            yield self._stage(group, topic, self.committed(group, topic.name))
        head = self.datasets.head()
        known = {} if head is None else head.next_offsets
        prefix = f"{DOCUMENTS_AUGMENTED.name}/"
        built = {int(place.removeprefix(prefix)): end for place, end in known.items() if place.startswith(prefix)}
        yield self._stage(BUILDER, DOCUMENTS_AUGMENTED, built)

    def _stage(self, name: str, topic: Topic[Any], committed: Mapping[int, int]) -> Stage:
        starts, ends = self.reader.starts(topic.name), self.reader.ends(topic.name)
        total = sum(end - starts[partition] for partition, end in ends.items())
        done = sum(max(0, committed.get(partition, 0) - starts[partition]) for partition in ends)
        return Stage(name, done, total)
