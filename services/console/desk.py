"""What the commands on dead letters work with: Kafka, S3, the audit logs, and who we are."""

import getpass
import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import psutil

from services.console.audit_log import AuditLog
from services.console.core.audit import Ledger, Operator
from services.console.dead_letters import DeadLetters
from services.console.kafka_admin import KafkaAdmin, connected
from services.console.replay_sender import ReplaySender
from services.console.resolver import Resolver
from services.console.terminal import NotDone
from shared.contracts.topics import DEAD_LETTER_SUFFIX
from shared.io.object_store import ObjectStore
from shared.io.retry import RetryPolicy
from shared.io.s3 import S3ObjectStore
from shared.settings import KafkaSettings, StoreSettings, load

# A person waits: long enough for a store that restarts, no longer.
PATIENCE: Final = RetryPolicy(total_seconds=15)


@dataclass(frozen=True)
class Desk:
    """Connections, for as long as one command runs."""

    kafka: KafkaSettings
    admin: KafkaAdmin
    store: ObjectStore

    @property
    def letters(self) -> DeadLetters:
        """Give the reader of dead letters."""
        return DeadLetters(self.kafka)

    def topic(self, name: str) -> str:
        """Give the dead-letter topic of `name`, which may be either twin's; raises `NotDone` where there is none."""
        topics = self.topics()
        wanted = name if name.endswith(DEAD_LETTER_SUFFIX) else name + DEAD_LETTER_SUFFIX
        if wanted not in topics:
            raise NotDone(
                f"there is no topic {wanted}. There are: {', '.join(topics) or 'none; millrace topics apply'}"
            )
        return wanted

    def topics(self) -> list[str]:
        """Name every dead-letter topic of the cluster."""
        return [name for name in self.admin.names() if name.endswith(DEAD_LETTER_SUFFIX)]

    def topic_id(self, topic: str) -> str:
        """Give the topic's id; raises `NotDone` where it is gone."""
        found = self.admin.topic_id(topic)
        if found is None:
            raise NotDone(f"there is no topic {topic}. Create it: millrace topics apply")
        return found

    def ledger(self, topic: str) -> Ledger:
        """Read the topic's audit log."""
        return AuditLog(self.store, topic).read(self.topic_id(topic))

    def resolver(self, topic: str) -> Resolver:
        """Give what resolves letters of `topic` in our name."""
        log, sender = AuditLog(self.store, topic), ReplaySender(self.kafka)
        return Resolver(self.letters, log, sender, operator(), lambda: datetime.now(UTC), runs_elsewhere)


@contextmanager
def desk() -> Iterator[Desk]:
    """Connect to Kafka and S3 for as long as the block lasts."""
    kafka, store = load(KafkaSettings), load(StoreSettings)
    with closing(S3ObjectStore.from_settings(store, PATIENCE)) as objects, connected(kafka) as admin:
        yield Desk(kafka, admin, objects)


def operator() -> Operator:
    """Say who we are: the user of the operating system, or its number where it has no name."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user is in no passwd file
        user = str(os.getuid())
    return Operator(user, socket.gethostname(), os.getpid())


def runs_elsewhere(process: int) -> bool:
    """Say whether `process` of this machine runs and isn't this one, which has begun nothing before it looks."""
    return process != os.getpid() and psutil.pid_exists(process)
