"""Which addresses are never fetched."""

import pytest
from twisted.internet.defer import Deferred

from spiders.addresses import GuardedResolver, PrivateAddress, is_literal_refused, is_refused, loopback_hosts


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",  # noqa: S104 - an address to refuse, not to listen on
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::10.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "fec0::1",
    ],
)
def test_what_is_not_public_is_refused(address: str) -> None:
    """Whatever name leads there, and as a literal."""
    assert is_refused("www.example.org", address, [])
    assert is_literal_refused(address, [])


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]
)
def test_what_is_public_is_not(address: str) -> None:
    """The web is there to be read."""
    assert not is_refused("www.example.org", address, [])
    assert not is_literal_refused(address, [])


def test_loopback_is_for_a_source_that_names_it() -> None:
    """And for that name alone: another name of the same machine, or its network, stays refused."""
    allowed = loopback_hosts(["LOCALHOST", "127.0.0.1", "www.example.org"])
    assert allowed == ["localhost", "127.0.0.1"]
    assert not is_refused("localhost", "127.0.0.1", allowed)
    assert not is_literal_refused("127.0.0.1", allowed)
    assert is_refused("www.example.org", "127.0.0.1", allowed)
    assert is_refused("localhost", "10.0.0.1", allowed)
    assert is_literal_refused("127.0.0.2", allowed)


@pytest.mark.parametrize(("address", "refused"), [("::1", False), ("fd00::1", True), ("2606:2800:220:1::1", False)])
def test_the_resolver_looks_at_an_address_of_ipv6(address: str, refused: bool) -> None:
    """It is its own answer, and no other way past the check."""
    resolver = GuardedResolver.__new__(GuardedResolver)
    resolver.loopback = ("::1",)
    got: list[object] = []
    resolver.getHostByName(address).addBoth(got.append)
    assert (isinstance(getattr(got[0], "value", None), PrivateAddress), got[0] == address) == (refused, not refused)


def test_a_name_is_no_literal() -> None:
    """It is looked at once it is resolved."""
    assert not is_literal_refused("localhost", [])


def test_the_resolver_refuses_what_a_name_resolves_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scrapy connects to the address that the resolver gives, and to no other."""
    answers = {"inside.example.org": "10.0.0.7", "www.example.org": "93.184.216.34", "localhost": "127.0.0.1"}

    def resolved(_: object, name: str, __: object = ()) -> Deferred[str]:
        found: Deferred[str] = Deferred()
        found.callback(answers[name])
        return found

    monkeypatch.setattr("scrapy.resolver.CachingThreadedResolver.getHostByName", resolved)
    resolver = GuardedResolver.__new__(GuardedResolver)
    resolver.loopback = ("localhost",)
    got: list[object] = []
    for name in answers:
        resolver.getHostByName(name).addBoth(got.append)
    assert got[1:] == ["93.184.216.34", "127.0.0.1"]
    assert isinstance(getattr(got[0], "value", None), PrivateAddress)
