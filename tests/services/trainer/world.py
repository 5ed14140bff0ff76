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
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from kafka.errors import CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError

from infra.local.servers import Endpoints
from shared.contracts.datasets import DatasetReady
from shared.contracts.envelope import Envelope, Headers, from_headers, to_headers
from shared.contracts.message import decode, encode
from shared.contracts.releases import ModelPublished
from shared.contracts.topics import DATASETS_READY
from shared.models.keys import KeyFiles
from shared.models.signing import Trust
from shared.settings import SigningSettings
from tests.services.curator.kafka_topics import committed, create, publish, read
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
        orders = Orders(self.flywheel.model_dump(mode="json"), self.prefix, str(self.folder), group, self.blows)
        path.write_bytes(msgspec.json.encode(orders))
        return path

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
        with suppress(CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError):
            return committed(self.bootstrap, group or self.prefix, f"{self.prefix}-ready")
        return 0

    @contextmanager
    def trainer(self, group: str | None = None, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Run a trainer; it is killed at the end of the block, if it still runs."""
        given = {
            "MILLRACE_HOME": str(self.folder / (group or "home")),
            "SIGNING_KEY_FILE": str(self.signing.key_file),
            "SIGNING_TRUSTED_FOLDER": str(self.signing.trusted_folder),
            "TELEMETRY_LOG_FORMAT": "json",
            "TRAINER_THREADS": "1",
            VARIABLE: str(self.order(group or self.prefix)),
            **self.endpoints.environment,
            **self.settings,
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

    def until(self, condition: Callable[[], Any], what: str, seconds: float = 60) -> None:
        """Wait for `condition`; fails with the trainers' log."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}\n{self.log}"
            time.sleep(0.02)

    def until_committed(self, offset: int, group: str | None = None) -> None:
        """Wait until a group has committed so many events."""
        self.until(lambda: self.committed(group) == offset, f"{offset} events are committed")

    def health(self) -> dict[str, Any]:
        """Ask the trainer whether it is ready."""
        served = [json.loads(line) for line in self.log.splitlines() if '"health_served"' in line]
        with urllib.request.urlopen(f"http://127.0.0.1:{served[-1]['port']}/readyz", timeout=5) as answer:
            said: dict[str, Any] = json.load(answer)
        return said

    @property
    def log(self) -> str:
        """What the trainers have said."""
        return (self.folder / "trainer.log").read_text()


def stop(process: "subprocess.Popen[bytes]") -> int:
    """Ask a trainer to stop; gives its exit code."""
    process.send_signal(signal.SIGTERM)
    return process.wait(30)
