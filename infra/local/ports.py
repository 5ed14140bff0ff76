"""Choose ports: the one used last time, else the usual one, else any free one."""

import fcntl
import json
import os
import random
import socket
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from infra.whole_file import replace_file

LOOPBACK = "127.0.0.1"
_FREE_RANGE = range(20_000, 32_000)
"""Below the ports that the system lends to outgoing connections, so that no client takes a stopped server's port."""

_RESERVED: Final[dict[int, int]] = {}
"""The ports that this process has reserved, with the descriptors whose locks say so."""

Ports = dict[str, int]


class NoFreePortError(Exception):
    """No port could be bound on loopback."""


def is_free(port: int) -> bool:
    """Say whether a server could listen on `port` of the loopback address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a connection that lingers in TIME_WAIT takes no port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def reserve(port: int) -> bool:
    """Hold `port` against other stacks on this machine until `release`, or this process ends; false where one holds it.

    The port of a server that is stopped for a moment is free, and still not to be taken.
    """
    folder = Path(tempfile.gettempdir()) / f"millrace-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(folder / str(port), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    _RESERVED[port] = descriptor
    return True


def release(ports: Iterable[int]) -> None:
    """Let others have `ports`."""
    for port in ports:
        if (descriptor := _RESERVED.pop(port, None)) is not None:
            os.close(descriptor)


def choose(wanted: Sequence[int], taken: set[int]) -> int:
    """Give the first port of `wanted`, then any other, that is free, reserved by nobody and not in `taken`.

    It is added to `taken`, and reserved.
    """
    ours = [port for port in wanted if port in _RESERVED]
    for port in [*ours, *wanted, *random.sample(_FREE_RANGE, k=200)]:
        if port not in taken and is_free(port) and (port in ours or reserve(port)):
            taken.add(port)
            return port
    message = f"no free port on {LOOPBACK}. Remedy: stop what listens there (ss -ltnp)."
    raise NoFreePortError(message)


def is_open(port: int) -> bool:
    """Say whether somebody listens on `port` of the loopback address."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def allocate(
    wanted: Mapping[str, Iterable[str]], *preferences: Mapping[str, Ports], spoken_for: Iterable[int] = ()
) -> dict[str, Ports]:
    """Choose a port for each {owner: names}, none `spoken_for`; earlier `preferences` go before later ones."""
    taken = set(spoken_for)
    return {
        owner: {
            name: choose([ports[owner][name] for ports in preferences if name in ports.get(owner, {})], taken)
            for name in names
        }
        for owner, names in wanted.items()
    }


def read_ports(path: Path) -> dict[str, Ports]:
    """Read what `write_ports` wrote; nothing where there is no such file, or one that is no list of ports."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Ports])
    except (FileNotFoundError, ValueError):
        return {}


def write_ports(path: Path, ports: Mapping[str, Ports]) -> None:
    """Remember the chosen ports, beside those of other owners; a write that fails leaves the file as it was."""
    replace_file(path, f"{json.dumps({**read_ports(path), **ports}, indent=2)}\n".encode())
