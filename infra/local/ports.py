"""Choose ports: the one used last time, else the usual one, else any free one."""

import json
import random
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

LOOPBACK = "127.0.0.1"
_FREE_RANGE = range(20_000, 32_000)
"""Below the ports that the system lends to outgoing connections, so that no client takes a stopped server's port."""

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


def choose(wanted: Iterable[int], taken: set[int]) -> int:
    """Give the first port of `wanted`, then any other, that is free and not in `taken`, and add it there."""
    others = random.sample(_FREE_RANGE, k=200)
    for port in [*wanted, *others]:
        if port not in taken and is_free(port):
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
    """Read what `write_ports` wrote; nothing where there is no file."""
    if not path.exists():
        return {}
    chosen: dict[str, Ports] = json.loads(path.read_text(encoding="utf-8"))
    return chosen


def write_ports(path: Path, ports: Mapping[str, Ports]) -> None:
    """Remember the chosen ports, beside those of other owners."""
    path.write_text(json.dumps({**read_ports(path), **ports}, indent=2) + "\n", encoding="utf-8")
