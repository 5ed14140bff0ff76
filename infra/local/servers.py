"""Real servers for tests, on free ports: `running_servers` starts them, and nothing of them outlives its block."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from infra.local.home import Home
from infra.local.parts import KINDS
from infra.local.places import settle
from infra.local.ports import release
from infra.local.processes import kill_leftovers
from infra.local.server import Server
from infra.stack import load_stack
from shared.settings import CacheSettings, StoreSettings

__all__ = ["Endpoints", "Server", "Servers", "running_servers"]


class Endpoints:
    """Where the servers are, as settings."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Take what the clients are told: variables such as KAFKA_BOOTSTRAP_SERVERS."""
        self.environment = dict(environment)

    @property
    def kafka_bootstrap(self) -> str:
        """The broker's host:port."""
        return self.environment["KAFKA_BOOTSTRAP_SERVERS"]

    @cached_property
    def s3(self) -> StoreSettings:
        """The store's address, credentials and bucket."""
        names = ("endpoint", "access_key", "secret_key", "bucket")
        return StoreSettings.model_validate({name: self.environment[f"S3_{name.upper()}"] for name in names})

    @cached_property
    def cache(self) -> CacheSettings:
        """The cache's address."""
        return CacheSettings.model_validate({"url": self.environment["CACHE_URL"]})


class Servers:
    """The chosen parts of one stack of our own, on free ports, under one folder."""

    def __init__(self, home: Home, names: Sequence[str] = tuple(KINDS)) -> None:
        """Settle the parts `names` under `home`; nothing runs yet."""
        self._home = home
        places = settle(home, load_stack(), names, usual_ports=False)
        self._servers = {name: Server(place) for name, place in places.items()}
        self.endpoints = Endpoints(
            {key: value for place in places.values() for key, value in place.environment.items()}
        )

    @property
    def kafka(self) -> Server:
        """The broker."""
        return self._servers["kafka"]

    @property
    def s3(self) -> Server:
        """The store."""
        return self._servers["s3"]

    @property
    def cache(self) -> Server:
        """The cache."""
        return self._servers["cache"]

    def start(self) -> None:
        """Start all at once and wait until each serves."""
        for server in self._servers.values():
            server.start()
        for server in self._servers.values():
            server.wait_ready()

    def kill(self) -> None:
        """End whatever runs, at once."""
        for server in self._servers.values():
            server.kill()
        kill_leftovers(self._home)
        release(port for server in self._servers.values() for port in server.place.ports.values())


@contextmanager
def running_servers(folder: Path, names: Sequence[str] = tuple(KINDS)) -> Iterator[Servers]:
    """Run the parts `names` on free ports with their data under `folder`; nothing of them outlives the block."""
    home = Home(folder)
    servers = Servers(home, names)
    try:
        servers.start()
        yield servers
    finally:
        servers.kill()
        home.remove_sockets()
