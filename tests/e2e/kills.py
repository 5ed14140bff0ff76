"""Kills a process of the stack in the midst of its work, as a machine that loses its power would."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from subprocess import Popen
from urllib.request import urlopen

import psutil
from kafka import KafkaConsumer, TopicPartition
from prometheus_client.parser import text_string_to_metric_families

from infra.local.supervisor.status import State, UnitStatus
from services.console.flow import Flow
from services.console.kafka_admin import connected
from shared.contracts.topics import DOCUMENTS_RAW
from shared.datasets.store import DatasetStore
from shared.settings import KafkaSettings
from shared.stream.topic_reader import TopicReader
from shared.telemetry.metric_names import MetricName
from tests.infra.local.stack_under_test import StackUnderTest
from tests.infra.local.waiting import until

SECONDS = 180.0
IN_HAND: MetricName = "millrace_in_flight_records"


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
    _kill(lambda: _ready(stack.units()[service]) if amid() else None, amid)


def kill_amid_pages(stack: StackUnderTest, service: str, stages: Stages) -> None:
    """Kill a service that has pages in hand, where some of what came to it is through and some is not."""
    _kill(lambda: _busy(stack.units()[service]), lambda: stages.is_amid(service))


def kill_spider(console: "Popen[str]", amid: Callable[[], bool]) -> None:
    """Kill the crawl that a `millrace` command runs, once it is `amid` something."""
    _kill(lambda: _spider_of(console) if amid() else None, amid)


def _ready(unit: UnitStatus) -> int | None:
    return unit.pid if unit.state == State.READY else None


def _busy(unit: UnitStatus) -> int | None:
    pid = _ready(unit)
    return pid if pid is not None and _in_hand(unit.ports[0]) else None


def _in_hand(port: int) -> float:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        families = text_string_to_metric_families(answer.read().decode())
        return next((sample.value for family in families for sample in family.samples if sample.name == IN_HAND), 0.0)


def _spider_of(console: "Popen[str]") -> int | None:
    children = psutil.Process(console.pid).children()
    return next((child.pid for child in children if "spiders" in child.cmdline()), None)


def _kill(find: Callable[[], int | None], amid: Callable[[], bool]) -> None:
    """Kill the process that `find` gives: it is held still first, and let go where it is not `amid` it any more."""
    until(lambda: (pid := find()) is not None and _killed(pid, amid), SECONDS)


def _killed(pid: int, amid: Callable[[], bool]) -> bool:
    os.kill(pid, signal.SIGSTOP)
    if still := amid():
        os.kill(pid, signal.SIGKILL)
    else:
        os.kill(pid, signal.SIGCONT)
    return still
