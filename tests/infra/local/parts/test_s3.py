"""The store's command; the store itself is tested in test_servers.py."""

from infra.local.home import Home
from infra.local.parts import s3
from infra.local.places import settle
from infra.stack import load_stack


def test_it_binds_to_loopback_and_hides_its_credentials(home: Home) -> None:
    """A command line is everybody's to read."""
    place = settle(home, load_stack(), ["s3"], usual_ports=False)["s3"]
    command = s3.command(place)
    assert {"-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false"} <= set(command.arguments)
    assert command.environment["AWS_SECRET_ACCESS_KEY"] == place.environment["S3_SECRET_KEY"]
    assert not any(place.environment["S3_SECRET_KEY"] in argument for argument in command.arguments)


def test_every_port_has_its_flag(home: Home) -> None:
    """One left to its default could meet another stack's."""
    place = settle(home, load_stack(), ["s3"], usual_ports=False)["s3"]
    told = {int(flag.partition("=")[2]) for flag in s3.command(place).arguments if ".port" in flag}
    assert set(place.ports.values()) <= told


def test_the_sockets_that_a_kill_leaves_are_known(home: Home) -> None:
    """One for each gRPC port."""
    place = settle(home, load_stack(), ["s3"], usual_ports=False)["s3"]
    names = {path.name.split("-")[1] for path in s3.strays(place)}
    assert names == {"s3", "master", "volume", "filer", "admin"}
