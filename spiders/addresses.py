"""Keeps the spiders away from what is not public: loopback, private networks, the metadata services of clouds.

A name is resolved once, the address is checked, and that very address is connected to: a name that answers differently
the second time gains nothing.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final, Self

from scrapy.crawler import Crawler
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.abstract import isIPv6Address
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import DNSLookupError

from shared.flywheel.config import LOOPBACK_HOSTS
from shared.flywheel.reach import host_name

LOOPBACK_SETTING: Final = "SPIDERS_LOOPBACK_HOSTS"
"""The hosts of the source that are literally loopback: these alone may resolve to it."""

_COMPATIBLE: Final = IPv6Network("::/96")
_TRANSLATED: Final = IPv6Network("64:ff9b::/96")
"""RFC 6052: a network's translator sends these on to the IPv4 address in the last four bytes."""
_TRANSLATED_HERE: Final = IPv6Network("64:ff9b:1::/48")
"""RFC 8215: for a network's own use."""


class PrivateAddress(DNSLookupError):
    """A host's address is not public."""


def loopback_hosts(hosts: Sequence[str]) -> list[str]:
    """Give those of a source's `hosts` that are loopback by their name."""
    return [name for host in hosts if (name := host_name(host)) in LOOPBACK_HOSTS]


def is_refused(host: str, address: str, loopback: Sequence[str]) -> bool:
    """Say whether `host` may not be fetched at `address`."""
    found = _reached(ip_address(address))
    return not (_is_public(found) or (found.is_loopback and host_name(host) in loopback))


def is_literal_refused(host: str, loopback: Sequence[str]) -> bool:
    """Say whether `host` is an address itself, and may not be fetched."""
    try:
        ip_address(host_name(host))
    except ValueError:
        return False
    return is_refused(host, host_name(host), loopback)


def _reached(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Give the IPv4 address that packets to an IPv6 address end at, where a translator or a tunnel takes them there."""
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED or address in _COMPATIBLE:
        return IPv4Address(address.packed[-4:]) if address.packed[:-1].strip(b"\0") else address
    return address.ipv4_mapped or address.sixtofour or address


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    local = isinstance(address, IPv6Address) and (address.is_site_local or address in _TRANSLATED_HERE)
    return address.is_global and not address.is_multicast and not local


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
        if isIPv6Address(name):  # the system's look-up, which is for IPv4, would find nothing
            return succeed(name).addCallback(self._checked, name)
        return super().getHostByName(name, timeout).addCallback(self._checked, name)

    def _checked(self, address: str, name: str) -> str:
        if is_refused(name, address, self.loopback):
            raise PrivateAddress(f"{name} is at {address}")
        return address
