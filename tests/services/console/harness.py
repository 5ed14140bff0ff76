"""The console on real servers: run commands as a person's shell would, and put records where they look."""

import asyncio
import os
import secrets
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aiokafka import AIOKafkaProducer

from infra.local.servers import Endpoints
from services.console.core.letters import Letter
from services.console.core.topics import Sizing, declared
from services.console.dead_letters import DeadLetters
from services.console.kafka_admin import connected
from shared.contracts.envelope import Headers, Origin
from shared.contracts.failures import DeadLetter, to_headers
from shared.contracts.topics import DOCUMENTS_RAW
from shared.settings import KafkaSettings
from shared.stream.record import Record
from tests.services.console.builders import said

ROOT = Path(__file__).parents[3]
SECONDS = 120


@dataclass(frozen=True)
class Shell:
    """Runs `millrace` in a process of its own, in a pipe, with `environment` and nothing of the caller's settings."""

    environment: dict[str, str]
    home: Path

    def run(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run one command to its end; `changes` are environment variables."""
        return self.start(*arguments, **changes).wait()

    def start(self, *arguments: str, **changes: str) -> "Running":
        """Start one command."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        process = subprocess.Popen(
            [sys.executable, "-m", "services.console", *arguments],
            env={**kept, "MILLRACE_HOME": str(self.home), **self.environment, **changes},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return Running(process)


@dataclass(frozen=True)
class Running:
    """A command that was started."""

    process: "subprocess.Popen[str]"

    def wait(self) -> subprocess.CompletedProcess[str]:
        """Wait for its end and give what it said."""
        out, err = self.process.communicate(timeout=SECONDS)
        return subprocess.CompletedProcess(self.process.args, self.process.returncode, out, err)


@dataclass(frozen=True)
class Mail:
    """A topic and its dead letters on a real broker, both new and of a name that nobody else has."""

    kafka: KafkaSettings
    topic: str

    @classmethod
    def make(cls, servers: Endpoints) -> "Mail":
        """Create the two topics as `millrace topics apply` would."""
        kafka = KafkaSettings(bootstrap_servers=servers.kafka_bootstrap)
        mail = cls(kafka, f"letters-{secrets.token_hex(4)}")
        topic = replace(DOCUMENTS_RAW, name=mail.topic)
        with connected(kafka) as admin:
            shapes = declared([topic], Sizing(partitions=4))
            admin.create(shapes)
            admin.await_ready([shape.name for shape in shapes])
        return mail

    @property
    def dead(self) -> str:
        """Name the topic of the dead letters."""
        return f"{self.topic}-dlq"

    def said(self, error: str = "ValueError", offset: int = 0, **changes: object) -> DeadLetter:
        """Build what is said of a dead letter of this topic."""
        return said(error, **{"origin": Origin(self.topic, 0, offset), **changes})

    def post(self, *letters: tuple[DeadLetter, bytes | None, bytes | None, Headers]) -> None:
        """Put dead letters, each of what is said of it, key, value and original headers."""
        self.put(*((key, value, to_headers(about, headers)) for about, key, value, headers in letters))

    def put(self, *records: tuple[bytes | None, bytes | None, Headers]) -> None:
        """Put records on the dead-letter topic as they are."""
        asyncio.run(self._put(self.dead, records))

    def dead_letters(self) -> list[Letter]:
        """Read the whole dead-letter topic."""
        return self._read(self.dead)

    def arrived(self) -> list[Record]:
        """Read the whole original topic, in an order that does not depend on partitions."""
        return sorted(
            (letter.record for letter in self._read(self.topic)), key=lambda one: (one.value or b"", one.offset)
        )

    async def _put(self, topic: str, records: Sequence[tuple[bytes | None, bytes | None, Headers]]) -> None:
        options = {"max_request_size": 4_000_000, "compression_type": "zstd"}
        async with AIOKafkaProducer(bootstrap_servers=self.kafka.bootstrap_servers, **options) as producer:
            for key, value, headers in records:
                await producer.send_and_wait(topic, value, key, headers=list(headers))

    def _read(self, topic: str) -> list[Letter]:
        letters = DeadLetters(self.kafka)
        return list(letters.read(topic, letters.ends(topic), {}))
