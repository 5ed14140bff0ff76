"""Kills a process of the stack in the midst of its work, as a machine that loses its power would."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from subprocess import Popen

import psutil
from kafka import KafkaConsumer, TopicPartition

from infra.local.supervisor.status import State, UnitStatus
from services.console.flow import Flow
from services.console.kafka_admin import connected
from shared.contracts.topics import DOCUMENTS_RAW
from shared.datasets.store import DatasetStore
from shared.settings import KafkaSettings
from shared.stream.topic_reader import TopicReader
from tests.infra.local.stack_under_test import StackUnderTest
from tests.infra.local.waiting import until

SECONDS = 60.0


class OpenReader(TopicReader):
    """Asks where topics begin and end by a connection that it keeps, so that no moment passes meanwhile."""

    def __init__(self, settings: KafkaSettings, consumer: KafkaConsumer) -> None:
        """Ask by `consumer`."""
        super().__init__(settings)
        self._open = consumer

    def starts(self, topic: str) -> dict[int, int]:
        """Give, by partition, the offset of the first record that is kept."""
        return {place.partition: start for place, start in self._open.beginning_offsets(self._places(topic)).items()}

    def ends(self, topic: str) -> dict[int, int]:
        """Give, by partition, the offset that the next record will have."""
        return {place.partition: end for place, end in self._open.end_offsets(self._places(topic)).items()}

    def _places(self, topic: str) -> list[TopicPartition]:
        return [TopicPartition(topic, partition) for partition in self._open.partitions_for_topic(topic)]


@dataclass(frozen=True)
class Stages:
    """How far the pages are."""

    reader: TopicReader
    flow: Flow

    def published(self) -> int:
        """Count the pages that crawls have published."""
        return sum(self.reader.ends(DOCUMENTS_RAW.name).values())

    def is_amid(self, service: str) -> bool:
        """Say whether some of what came to the service is through, and some is not."""
        stage = next(stage for stage in self.flow.stages() if stage.name == service)
        return 0 < stage.done < stage.total


@contextmanager
def stages_of(kafka: KafkaSettings, datasets: DatasetStore) -> Iterator[Stages]:
    """Look at the stages for as long as the block lasts."""
    servers = kafka.bootstrap_servers.split(",")
    with closing(KafkaConsumer(bootstrap_servers=servers, group_id=None)) as consumer, connected(kafka) as admin:
        reader = OpenReader(kafka, consumer)
        yield Stages(reader, Flow(admin.committed, reader, datasets))


def kill(stack: StackUnderTest, service: str, amid: Callable[[], bool] = lambda: True) -> None:
    """Kill a service that is ready, once it is `amid` something."""
    _kill(lambda: _ready(stack.units()[service]), amid)


def kill_spider(console: "Popen[str]", amid: Callable[[], bool]) -> None:
    """Kill the crawl that a `millrace` command runs, once it is `amid` something."""
    _kill(lambda: _spider_of(console), amid)


def _ready(unit: UnitStatus) -> int | None:
    return unit.pid if unit.state == State.READY else None


def _spider_of(console: "Popen[str]") -> int | None:
    children = psutil.Process(console.pid).children()
    return next((child.pid for child in children if "spiders" in child.cmdline()), None)


def _kill(find: Callable[[], int | None], amid: Callable[[], bool]) -> None:
    until(lambda: amid() and _killed(find(), amid), SECONDS)


def _killed(pid: int | None, amid: Callable[[], bool]) -> bool:
    """Say whether a process was killed: held still, it is asked again, for the moment may have passed."""
    if pid is None:
        return False
    os.kill(pid, signal.SIGSTOP)
    if still := amid():
        os.kill(pid, signal.SIGKILL)
    else:
        os.kill(pid, signal.SIGCONT)
    return still
