"""Keeps the spiders away from what is not public: loopback, private networks, the metadata services of clouds.

A name is resolved once, the address is checked, and that very address is connected to: a name that answers differently
the second time gains nothing.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final, Self

from scrapy.crawler import Crawler
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from shared.flywheel.config import LOOPBACK_HOSTS
from spiders.bounds import host_name

LOOPBACK_SETTING: Final = "SPIDERS_LOOPBACK_HOSTS"
"""The hosts of the source that are literally loopback: these alone may resolve to it."""


class PrivateAddress(DNSLookupError):
    """A host's address is not public."""


def loopback_hosts(hosts: Sequence[str]) -> list[str]:
    """Give those of a source's `hosts` that are loopback by their name."""
    return [name for host in hosts if (name := host_name(host)) in LOOPBACK_HOSTS]


def is_refused(host: str, address: str, loopback: Sequence[str]) -> bool:
    """Say whether `host` may not be fetched at `address`."""
    found = ip_address(address)
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return not (_is_public(found) or (found.is_loopback and host_name(host) in loopback))


def is_literal_refused(host: str, loopback: Sequence[str]) -> bool:
    """Say whether `host` is an address itself, and may not be fetched."""
    try:
        ip_address(host_name(host))
    except ValueError:
        return False
    return is_refused(host, host_name(host), loopback)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast


class GuardedResolver(CachingThreadedResolver):
    """Resolves names as Scrapy does, and refuses addresses that are not public."""

    loopback: tuple[str, ...] = ()

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        """Make one that knows the crawl's own loopback hosts."""
        made = super().from_crawler(crawler, reactor)
        made.loopback = tuple(crawler.settings.getlist(LOOPBACK_SETTING))
        return made

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:  # noqa: N802 - Twisted's name
        """Give the address of `name`; fails with `PrivateAddress`."""
        return super().getHostByName(name, timeout).addCallback(self._checked, name)

    def _checked(self, address: str, name: str) -> str:
        if is_refused(name, address, self.loopback):
            raise PrivateAddress(f"{name} is at {address}")
        return address
