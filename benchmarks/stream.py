"""`make bench-stream`: what the safe runner costs beside what loses data, on a real Kafka and a real S3 store.

Each contender consumes the same topic, writes one object to S3 and one message a record, in turns, several rounds; the
medians are shown. Rates and CPU are taken between a tenth of the way and the end, so that starts don't count.
"""

import random
import statistics
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
from kafka import KafkaAdminClient, KafkaProducer

from benchmarks.report import Row, publish
from benchmarks.stream_service import Page
from benchmarks.stream_topics import CONTENDERS, COUNTS, Sink, Topics, headers
from infra.local.servers import running_servers
from shared.contracts.message import encode

ROUNDS: Final = 3
KILLS: Final = 6
PINGS: Final = 30
WARM_SHARE: Final = 0.1
RUNNERS: Final = ("runner on faust", "runner on aiokafka")


@dataclass(frozen=True)
class Figures:
    """What one run showed; rates in messages a second, CPU in microseconds a message, memory in MiB."""

    rate: float
    cpu: float
    rss: float
    rss_children: float


def measure(topics: Topics, contender: str, home: Path) -> Figures:
    """Run `contender` over the whole topic."""
    total = COUNTS[topics.size]
    sink = Sink(topics)
    before = sink.count()
    with topics.run(contender, new_group(), home) as process:
        started = sink.wait_for(before + int(total * WARM_SHARE))
        done, cpu = sink.count() - before, _cpu_seconds(process)
        ended = sink.wait_for(before + total)
        cpu = _cpu_seconds(process) - cpu
        rss = process.memory_info().rss
        children = sum(child.memory_info().rss for child in process.children(recursive=True))
    messages = total - done
    return Figures(messages / (ended - started), cpu * 1e6 / messages, rss / 2**20, children / 2**20)


def new_group() -> str:
    """Name a consumer group that has read nothing yet."""
    return f"bench-{uuid.uuid4().hex[:8]}"


def latency(topics: Topics, contender: str, home: Path) -> float:
    """Give the median milliseconds from sending one message to reading what became of it."""
    took = []
    sink = Sink(topics)
    all_done = sink.count() + topics.count()
    with topics.run(contender, new_group(), home):
        sink.wait_for(all_done)
        answers = sink.follow()
        producer = KafkaProducer(bootstrap_servers=topics.endpoints.kafka_bootstrap)
        for number in range(PINGS):
            started = time.perf_counter()
            page = Page(number=number, body="ping")
            producer.send(f"{topics.prefix}-in", encode(page), headers=list(headers(number)))
            next(answers)
            took.append(time.perf_counter() - started)
        producer.close()
    return statistics.median(took) * 1000


def kills(topics: Topics, contender: str, home: Path) -> tuple[float, float]:
    """Kill the contender at random moments; gives median seconds until it works again, and duplicates a kill."""
    chance = random.Random(3)  # noqa: S311 - moments, not secrets
    sink = Sink(topics)
    before, group = sink.count(), new_group()
    total, rejoins = topics.count(), []
    for _ in range(KILLS):
        reached = sink.count()
        started = time.perf_counter()
        with topics.run(contender, group, home):
            rejoins.append(sink.wait_for(min(reached + 1, before + total)) - started)
            time.sleep(chance.uniform(0.05, 0.3))
    with topics.run(contender, group, home):
        wait_until_committed(topics, group, total)
    return statistics.median(rejoins[1:]), (sink.count() - before - total) / KILLS


def wait_until_committed(topics: Topics, group: str, total: int) -> None:
    """Wait until `group` has committed all of the source."""
    admin = KafkaAdminClient(bootstrap_servers=topics.endpoints.kafka_bootstrap)
    while sum(found.offset for found in admin.list_group_offsets(group)[group].values()) < total:
        time.sleep(0.1)
    admin.close()


def rows_of(size: str, found: dict[str, list[Figures]]) -> list[Row]:
    """Make the rows of one message size."""
    rate = {name: statistics.median(one.rate for one in figures) for name, figures in found.items()}
    cpu = {name: statistics.median(one.cpu for one in figures) for name, figures in found.items()}
    base = rate["faust take(100)"]
    peers = {name: rate[name] for name in ("faust take(100)", "aiokafka getmany")}
    goals = {"runner on faust": 1.2, "runner on aiokafka": 3.0}
    rows = []
    for name, goal in goals.items():
        ratio = statistics.median(
            ours.rate / theirs.rate for ours, theirs in zip(found[name], found["faust take(100)"], strict=True)
        )
        rows.append(Row(name=f"{name}, {size}: rate to take(100)", value=ratio, unit="x", goal=goal, peers=peers))
        rows.append(Row(name=f"{name}, {size}: rate", value=rate[name], unit="messages/s", peers={"take(100)": base}))
        cpu_peers = {peer: cpu[peer] for peer in peers}
        rows.append(Row(name=f"{name}, {size}: CPU", value=cpu[name], unit="µs a message", peers=cpu_peers))
    return rows


def memory_rows(found: dict[str, list[Figures]]) -> list[Row]:
    """Make the rows of memory."""
    rows = []
    for name in RUNNERS:
        own = max(one.rss for one in found[name])
        children = max(one.rss_children for one in found[name])
        peers = {peer: max(one.rss for one in found[peer]) for peer in found if peer not in RUNNERS}
        note = f"and {children:.0f} MiB in its worker process"
        rows.append(Row(name=f"{name}: RSS", value=own, unit="MiB", peers=peers, note=note))
    return rows


def main() -> None:
    """Measure everything and publish it."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder, running_servers(Path(folder) / "servers") as servers:
        for size in COUNTS:
            topics = Topics(servers.endpoints, size)
            topics.create()
            found = rounds(topics, Path(folder))
            rows += rows_of(size, found)
            if size == "1 KB":
                rows += memory_rows(found)
                for name in RUNNERS:
                    rows += reliability_rows(topics, name, Path(folder))
    publish("stream", rows, "make bench-stream")


def rounds(topics: Topics, home: Path) -> dict[str, list[Figures]]:
    """Run each contender in turn, `ROUNDS` times."""
    found: dict[str, list[Figures]] = {name: [] for name in CONTENDERS}
    for number in range(ROUNDS):
        for name, figures in found.items():
            figures.append(measure(topics, name, home))
            sys.stdout.write(f"round {number + 1}, {topics.size}, {name}: {figures[-1]}\n")
            sys.stdout.flush()
    return found


def reliability_rows(topics: Topics, name: str, home: Path) -> list[Row]:
    """Make the rows of what happens to single messages and after kills."""
    milliseconds = latency(topics, name, home)
    rejoin, duplicates = kills(topics, name, home)
    return [
        Row(name=f"{name}: one message, median", value=milliseconds, unit="ms"),
        Row(name=f"{name}: working again after SIGKILL", value=rejoin, unit="s", note="with its restart"),
        Row(name=f"{name}: duplicates a SIGKILL", value=duplicates, unit="records", goal=400.0, comparison="<="),
    ]


def _cpu_seconds(process: psutil.Process) -> float:
    family = [process, *process.children(recursive=True)]
    return sum(sum(member.cpu_times()[:2]) for member in family)


if __name__ == "__main__":
    main()
