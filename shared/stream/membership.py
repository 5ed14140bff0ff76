"""A stable name for each process of a service, so that a restart is no rebalance (Kafka's static membership)."""

import fcntl
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.admin import MemberToRemove

from shared.contracts.identity import digest_of


@contextmanager
def instance_id(service: str, folder: Path, given: str | None = None) -> Iterator[str]:
    """Hold a name that no other process of `service` on this machine holds, for as long as the block runs.

    The lowest free number, so that the process which replaces a killed one takes over its name and its partitions. The
    lock ends with the process, however that ends. `given` (a StatefulSet's pod name) is used as it stands: two
    processes with one name steal partitions from each other, and nothing here could see it.
    """
    if given:
        yield given
        return
    folder.mkdir(parents=True, exist_ok=True)
    for number in count():
        descriptor = os.open(folder / f"{service}-{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        try:
            yield f"{service}-{number}"
        finally:
            os.close(descriptor)
        return


def member_name(instance: str, topics: Collection[str]) -> str:
    """Name the member that the process `instance` is in its group: with other topics it is another member.

    A static member that is back within its session is given the partitions that it had, whatever it subscribes to now:
    none of a topic that it has begun to read, and nothing would wait for those.
    """
    return instance if len(topics) == 1 else f"{instance}-{digest_of(*sorted(topics))[:8]}"


def leave(bootstrap_servers: str, group: str, instance: str) -> None:
    """Take `instance` out of `group`, so that its partitions go to others at once; blocks.

    A static member that merely stops keeps its partitions for a session time-out, for it is expected back.
    """
    admin = KafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        admin.remove_group_members(group, [MemberToRemove(group_instance_id=instance)])
    finally:
        admin.close()
