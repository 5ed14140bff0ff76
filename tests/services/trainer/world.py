"""A flywheel's dataset, models, topics and trainers, all real, and apart from every other test's."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgspec
from kafka import KafkaAdminClient

from infra.local.servers import Endpoints
from shared.contracts.datasets import DatasetReady
from shared.contracts.envelope import Envelope, Headers, from_headers, to_headers
from shared.contracts.message import decode, encode
from shared.contracts.releases import ModelPublished
from shared.contracts.topics import DATASETS_READY
from shared.flywheel.keys import toml_value
from shared.models.keys import KeyFiles
from shared.models.signing import Trust
from shared.settings import SigningSettings
from tests.services.curator.kafka_topics import committed_by, create, publish, read
from tests.services.trainer.orders import VARIABLE, Orders
from tests.services.trainer.shelf import Shelf

ROOT: Final = Path(__file__).parents[3]
WORKER: Final = "tests.services.trainer.worker"


@dataclass(kw_only=True)
class World(Shelf):
    """A flywheel on real servers, with topics, keys and trainers of its own."""

    endpoints: Endpoints
    folder: Path
    prefix: str = field(default_factory=lambda: f"t{secrets.token_hex(5)}")
    settings: dict[str, str] = field(default_factory=dict)
    blows: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Make the topics and the signing key."""
        create(self.bootstrap, [f"{self.prefix}-{name}" for name in ("ready", "ready-dlq", "models")])
        KeyFiles.from_settings(self.signing).make()
        self.order(self.prefix)

    @property
    def bootstrap(self) -> str:
        """The broker."""
        return self.endpoints.kafka_bootstrap

    @cached_property
    def admin(self) -> KafkaAdminClient:
        """A client that asks the broker what it knows of groups; whoever made the world closes it."""
        return KafkaAdminClient(bootstrap_servers=self.bootstrap)

    @property
    def signing(self) -> SigningSettings:
        """Where the keys are."""
        keys = self.folder / "keys"
        return SigningSettings(key_file=keys / "signing.pem", trusted_folder=keys / "trusted")

    @property
    def trust(self) -> Trust:
        """The key that is believed."""
        return Trust.from_folder(self.signing.trusted_folder)

    def order(self, group: str) -> Path:
        """Write the orders of trainers of a group."""
        path = self.folder / f"{group}.json"
        orders = Orders(self.prefix, str(self.folder), group, self.blows)
        path.write_bytes(msgspec.json.encode(orders))
        return path

    def declared(self) -> Path:
        """Write the flywheel as `millrace.toml`."""
        tables = self.flywheel.model_dump(mode="json", exclude_unset=True)
        path = self.folder / "millrace.toml"
        path.write_text("".join(f"{name} = {toml_value(value)}\n" for name, value in tables.items()), "utf-8")
        return path

    @property
    def environment(self) -> dict[str, str]:
        """What a process of the trainer is told by its environment."""
        return {
            "MILLRACE_CONFIG": str(self.declared()),
            "MILLRACE_HOME": str(self.folder / "home"),
            "SIGNING_KEY_FILE": str(self.signing.key_file),
            "SIGNING_TRUSTED_FOLDER": str(self.signing.trusted_folder),
            "TELEMETRY_LOG_FORMAT": "json",
            "TRAINER_THREADS": "1",
            **self.endpoints.environment,
            **self.settings,
        }

    def tell(self, *messages: DatasetReady, more: Headers = ()) -> None:
        """Send events."""
        publish(self.bootstrap, [self.record(one, more) for one in messages])

    def record(self, message: DatasetReady, more: Headers = ()) -> tuple[str, bytes, bytes, Headers]:
        """Give the record of an event."""
        event_id = f"{message.dataset}-{message.version}"
        envelope = DATASETS_READY.envelope(message, event_id, "dataset_builder", datetime.now(UTC))
        return f"{self.prefix}-ready", message.dataset.encode(), encode(message), to_headers(envelope) + more

    def events(self) -> list[tuple[Envelope, ModelPublished]]:
        """Give what was said of models."""
        found = read(self.bootstrap, f"{self.prefix}-models")
        return [(from_headers(headers), decode(ModelPublished, value or b"")) for value, headers in found]

    def letters(self) -> list[tuple[bytes | None, Headers]]:
        """Give the dead letters."""
        return read(self.bootstrap, f"{self.prefix}-ready-dlq")

    def committed(self, group: str | None = None) -> int:
        """Give the offset that a group has committed; 0 before the first, and where the broker has just started."""
        return committed_by(self.admin, group or self.prefix, f"{self.prefix}-ready")

    @contextmanager
    def trainer(self, group: str | None = None, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Run a trainer; it is killed at the end of the block, if it still runs."""
        given = {
            **self.environment,
            "MILLRACE_HOME": str(self.folder / (group or "home")),
            VARIABLE: str(self.order(group or self.prefix)),
            **environment,
        }
        with (self.folder / "trainer.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", WORKER], cwd=ROOT, env=os.environ | given, stdout=log, stderr=log
            )
            try:
                yield process
            finally:
                process.kill()
                process.wait()

    def until(self, condition: Callable[[], Any], what: str, seconds: float = 180) -> None:
        """Wait for `condition`; fails with the trainers' log."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}\n{self.log}"
            time.sleep(0.05)

    def until_committed(self, offset: int, group: str | None = None) -> None:
        """Wait until a group has committed so many events."""
        self.until(lambda: self.committed(group) == offset, f"{offset} events are committed")

    def health(self) -> dict[str, Any]:
        """Ask the trainer whether it is ready."""
        served = [json.loads(line) for line in self.log.splitlines() if '"health_served"' in line]
        with urllib.request.urlopen(f"http://127.0.0.1:{served[-1]['port']}/readyz", timeout=5) as answer:
            said: dict[str, Any] = json.load(answer)
        return said

    def by_hand(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Train by hand, with the real tasks."""
        command = [sys.executable, "-m", "services.trainer.run", *arguments]
        return subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    @property
    def log(self) -> str:
        """What the trainers have said."""
        return (self.folder / "trainer.log").read_text()


def stop(process: "subprocess.Popen[bytes]") -> int:
    """Ask a trainer to stop; gives its exit code."""
    process.send_signal(signal.SIGTERM)
    return process.wait(30)
