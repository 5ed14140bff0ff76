"""Measures the gateway over HTTP, beside FastAPI and LitServe in environments of their own, on the same models."""

import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kafka import KafkaAdminClient

from benchmarks.report import Row, publish
from benchmarks.serving_gateway import KEY
from benchmarks.serving_load import request
from benchmarks.serving_made import write_day_one, write_minilm
from benchmarks.serving_model import TOKENS, long_questions, questions, rows
from benchmarks.serving_process import Measured, running
from infra.local.servers import running_servers
from infra.setup.side_environment import side_environment
from shared.contracts.topics import PREDICTIONS_RECORDED

HERE: Final = Path(__file__).parent
ROUNDS: Final = 5
CONNECTIONS: Final = 32
WARM_REQUESTS: Final = 200
NULL_REQUESTS: Final = 8_000
RATE_REQUESTS: Final = 20_000
MODEL_REQUESTS: Final = 600
MODEL_CONNECTIONS: Final = 16
NULL_GOAL: Final = 90.0
RATE_GOAL: Final = 5_000.0
MODEL_GOAL: Final = 3.2

OURS: Final = "gateway"
PEERS: Final = ("FastAPI", "LitServe")


@dataclass(frozen=True)
class Bench:
    """Where everything is: a folder of our own, Kafka, and the two models."""

    home: Path
    kafka: str
    day_one: Path
    minilm: Path

    def command(self, server: str, model: Path | None) -> list[str | Path]:
        """Say how a server is started on a model, or on one that costs nothing."""
        folder = [] if model is None else [model]
        if server == OURS:
            return [sys.executable, "-m", "benchmarks.serving_gateway", "{port}", self.kafka, *folder]
        python = side_environment(HERE / "environments" / f"{server.lower()}.lock")
        return [python, HERE / "serving_peers" / f"{server.lower()}_server.py", "{port}", *folder]

    def measure(
        self, server: str, model: Path | None, texts: Sequence[str], count: int, *, core: int | None = None
    ) -> Measured:
        """Start a server, warm it, and put a load on it."""
        path, key = ("/v1/classify", KEY) if server == OURS else ("/predict", "")
        requests = [request(path, text, key) for text in texts]
        connections = MODEL_CONNECTIONS if model == self.minilm else CONNECTIONS
        command, log = self.command(server, model), self.home / f"{server}.log"
        with running(command, requests[0], log, core=core) as process:
            process.measure(requests, WARM_REQUESTS, connections)
            found = process.measure(requests, count, connections)
        name = "null" if model is None else model.name
        sys.stdout.write(f"  {server}, {name}: {found.cpu:,.0f} µs of CPU, {found.load.rate:,.0f} requests/s\n")
        return found


def create_topic(kafka: str) -> None:
    """Create the topic of predictions."""
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.create_topics({PREDICTIONS_RECORDED.name: {"num_partitions": 4}}, wait_for_metadata=True)
    admin.close()


def least(found: Mapping[str, list[Measured]]) -> dict[str, float]:
    """Give the microseconds of a request by server, in the best round: what else a machine does only adds to them."""
    return {server: min(one.cpu for one in measured) for server, measured in found.items()}


def spread(measured: Sequence[Measured], per: float = 1.0) -> str:
    """Tell what the best round hides."""
    return f"the least of {ROUNDS} rounds, whose median is {statistics.median(one.cpu for one in measured) / per:,.4g}"


def null_rows(found: Mapping[str, list[Measured]]) -> list[Row]:
    """Say what a request costs before any model."""
    cpu = least(found)
    return [
        Row(
            name="null model: CPU",
            value=cpu[OURS],
            unit="µs a request",
            goal=NULL_GOAL,
            comparison="<=",
            peers={peer: cpu[peer] for peer in PEERS},
            note=f"key, limits, batcher, signed id, metrics and record on Kafka, of which the peers have none; "
            f"{CONNECTIONS} connections; {spread(found[OURS])}",
        ),
        Row(
            name="null model: memory",
            value=statistics.median(one.megabytes for one in found[OURS]),
            unit="MiB",
            peers={peer: statistics.median(one.megabytes for one in found[peer]) for peer in PEERS},
            note="resident, the whole process tree",
        ),
    ]


def day_one_rows(measured: Sequence[Measured]) -> list[Row]:
    """Say what one core does with the first champion."""
    return [
        Row(
            name="day-one model, zh and en, one core: rate",
            value=max(one.load.rate for one in measured),
            unit="requests/s",
            goal=RATE_GOAL,
            note=f"the demo's questions, one a request, {CONNECTIONS} connections; the load has the other core; the "
            f"best of {ROUNDS} rounds, whose median is {statistics.median(one.load.rate for one in measured):,.0f}",
        ),
        Row(
            name="day-one model, zh and en, one core: 99th percentile",
            value=statistics.median(one.load.percentile_99 for one in measured),
            unit="ms",
            note="at that rate, which is all that the core can do",
        ),
        Row(
            name="day-one model, zh and en: CPU",
            value=min(one.cpu for one in measured),
            unit="µs a request",
            note=spread(measured),
        ),
    ]


def minilm_row(found: Mapping[str, list[Measured]]) -> Row:
    """Say what a request costs whose model is a transformer."""
    cpu = {server: microseconds / 1_000 for server, microseconds in least(found).items()}
    return Row(
        name=f"MiniLM int8, {TOKENS} tokens: CPU",
        value=cpu[OURS],
        unit="ms a request",
        goal=MODEL_GOAL,
        comparison="<=",
        peers={peer: cpu[peer] for peer in PEERS},
        note=f"the same three files for all; {MODEL_CONNECTIONS} connections; {spread(found[OURS], 1_000)}",
    )


def measure(bench: Bench) -> list[Row]:
    """Measure everything, in rounds, so that what else the machine does meets all of them."""
    servers = (OURS, *PEERS)
    null: dict[str, list[Measured]] = {server: [] for server in servers}
    minilm: dict[str, list[Measured]] = {server: [] for server in servers}
    day_one: list[Measured] = []
    for _ in range(ROUNDS):
        for server in servers:
            null[server].append(bench.measure(server, None, questions(), NULL_REQUESTS))
            minilm[server].append(bench.measure(server, bench.minilm, long_questions(), MODEL_REQUESTS))
        day_one.append(bench.measure(OURS, bench.day_one, questions(), RATE_REQUESTS, core=0))
    return [*null_rows(null), *day_one_rows(day_one), minilm_row(minilm)]


def main() -> None:
    """Measure and publish."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        folders = [home / name for name in ("day-one", "minilm")]
        for made in folders:
            made.mkdir()
        day_one, minilm = write_day_one(folders[0]), write_minilm(folders[1])
        found = rows(day_one, minilm)
        with running_servers(home / "servers", ("kafka",)) as servers:
            create_topic(servers.endpoints.kafka_bootstrap)
            found = measure(Bench(home, servers.endpoints.kafka_bootstrap, day_one, minilm)) + found
    publish("serving", found, "make bench-serving")


if __name__ == "__main__":
    main()
