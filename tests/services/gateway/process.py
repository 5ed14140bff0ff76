"""A gateway as a process of its own, on real servers."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import urllib3
from prometheus_client.parser import text_string_to_metric_families
from urllib3.exceptions import HTTPError

from infra.local.ports import LOOPBACK, choose, release
from infra.local.servers import Endpoints
from shared.io.gateway_client import GatewayClient
from tests.services.gateway.world import KEY, trust

ROOT: Final = Path(__file__).parents[3]
PATIENCE_SECONDS: Final = 60

FLYWHEEL: Final = """
[[sources]]
name = "site"
start_urls = ["https://www.example.org/"]
allowed_hosts = ["www.example.org"]
licence = "CC0-1.0"
languages = ["en"]

[sources.labels.topic]
path = "^/([^/]+)/"

[dataset]
name = "support-router"

[[tasks]]
name = "{model}"
label = "topic"

[feedback]
review = "auto"
"""


@dataclass
class GatewayProcess:
    """One gateway; `model` is the only one that its flywheel learns."""

    endpoints: Endpoints
    folder: Path
    model: str
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None
    pool: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(maxsize=8, retries=False, timeout=PATIENCE_SECONDS)
    )

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def log(self) -> str:
        """What it has said."""
        return (self.folder / "gateway.log").read_text("utf-8")

    @property
    def imported(self) -> set[str]:
        """The packages that it has imported; needs PYTHONPROFILEIMPORTTIME in its environment."""
        lines = (line for line in self.log.splitlines() if line.startswith("import time:"))
        return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}

    @property
    def running(self) -> "subprocess.Popen[bytes]":
        """Give the process."""
        assert self.process is not None
        return self.process

    def start(self) -> None:
        """Start it, and wait until it answers at all."""
        flywheel = self.folder / "millrace.toml"
        flywheel.write_text(FLYWHEEL.format(model=self.model), "utf-8")
        told = {
            "MILLRACE_HOME": str(self.folder),
            "MILLRACE_CONFIG": str(flywheel),
            "SIGNING_TRUSTED_FOLDER": str(self.folder / "trusted"),
            "GATEWAY_PORT": str(self.port),
            "GATEWAY_API_KEY": KEY,
            "GATEWAY_REQUEST_SECRET": "a-secret-of-the-tests",
            "GATEWAY_POLL_SECONDS": "0.05",
            "TELEMETRY_LOG_FORMAT": "json",
        }
        with (self.folder / "gateway.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "services.gateway"],
                cwd=ROOT,
                env=os.environ | self.endpoints.environment | told | self.environment,
                stdout=log,
                stderr=log,
            )
        self.until(lambda: self.ask("/healthz")[0] == 200, "it answers")

    def ask(self, path: str, body: Any = None) -> tuple[int, Any]:  # noqa: ANN401 - JSON
        """Ask one path; gives the status, 0 where nobody answers, and the answer."""
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        try:
            answer = self.pool.request(
                "GET" if data is None else "POST", f"{self.url}{path}", body=data, headers=headers
            )
        except HTTPError:
            return 0, None
        return answer.status, answer.json()

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for `condition`; fails with the log."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert self.running.poll() in (None, 0), f"it ended before {what}\n{self.log}"
            assert time.monotonic() < deadline, f"not in time: {what}\n{self.log}"
            time.sleep(0.01)

    def serves(self, version: int) -> bool:
        """Say whether that version answers."""
        served = self.state()["served"]
        return served is not None and served["version"] == version

    def state(self) -> Any:  # noqa: ANN401 - JSON
        """Give what it says of its model."""
        return self.ask("/v1/models")[1]["models"][0]

    def failed_swaps(self, reason: str) -> float:
        """Give how often it counted a version that it didn't serve for this reason."""
        told = self.pool.request("GET", f"{self.url}/metrics").data.decode()
        samples = (sample for family in text_string_to_metric_families(told) for sample in family.samples)
        counted = (sample for sample in samples if sample.name == "millrace_model_swap_failed_total")
        return sum(sample.value for sample in counted if sample.labels["reason"] == reason)

    def client(self) -> GatewayClient:
        """Give a client."""
        return GatewayClient(self.url, KEY)

    def stop(self) -> int:
        """Send SIGTERM, and give the exit code."""
        self.running.send_signal(signal.SIGTERM)
        return self.running.wait(PATIENCE_SECONDS)


@contextmanager
def gateway(endpoints: Endpoints, folder: Path, **environment: str) -> Iterator[GatewayProcess]:
    """Give a gateway that trusts `signer()`, not yet started; it is killed at the end, if it still runs."""
    folder.mkdir(parents=True, exist_ok=True)
    trust(folder / "trusted")
    port = choose([], set())
    made = GatewayProcess(endpoints, folder, f"m{secrets.token_hex(4)}", port, environment)
    try:
        yield made
    finally:
        made.pool.clear()
        if made.process is not None:
            made.process.kill()
            made.process.wait()
        release([port])
