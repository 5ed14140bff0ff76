"""The cache's command and configuration; the cache itself is tested in test_servers.py."""

from pathlib import Path

from infra.local.home import Home
from infra.local.parts import cache
from infra.local.places import settle
from infra.stack import load_stack


def test_it_binds_to_loopback_evicts_nothing_and_takes_its_password_from_a_file(home: Home) -> None:
    """A command line is everybody's to read; an evicted key would be a forgotten duplicate."""
    place = settle(home, load_stack(), ["cache"], usual_ports=False)["cache"]
    program, config = cache.command(place).arguments
    settings = dict(line.split(" ", 1) for line in Path(config).read_text(encoding="utf-8").splitlines())
    assert program.endswith("valkey-server")
    assert settings["bind"] == "127.0.0.1"
    assert settings["maxmemory-policy"] == "noeviction"
    assert settings["requirepass"] == place.environment["CACHE_PASSWORD"]
