"""What of a site a source lets a crawl reach: hosts and paths, compared by what they mean, however written. Pure."""

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address
from posixpath import normpath
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from shared.contracts.identity import canonical_url

_SLASHES: Final = re.compile("/{2,}")


@lru_cache(maxsize=1024)
def host_name(host: str) -> str:
    """Write a host so that it can be compared: in lower case, in IDNA, without brackets; an IPv6 address in short."""
    host = host.strip("[]").lower().rstrip(".")
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host


def meant_path(path: str) -> str:
    """Write `path` as many servers read it: unescaped, one slash for several, and what `..` then leads to.

    Escaped slashes and double ones are another way into what a source denies.
    """
    path = _SLASHES.sub("/", unquote(path))
    if "/." not in path:
        return path
    there = normpath(path)
    return there + "/" if path.endswith(("/", "/.", "/..")) and there != "/" else there


def first_kept_out(source: Mapping[str, Any], key: str, values: tuple[str, ...]) -> str:
    """Name the first page or sitemap that `source` begins with and its `key` of these `values` keeps out; else empty.

    A sitemap may lie beside the paths, for it is no page.
    """
    begins = ("start_urls", "sitemap_urls") if key == "allowed_hosts" else ("start_urls",)
    urls = ((begin, url) for begin in begins for url in source.get(begin, ()))
    return next((f"{url} of {begin}" for begin, url in urls if not _lets_in(url, key, values)), "")


def _lets_in(url: str, key: str, values: tuple[str, ...]) -> bool:
    parts = urlsplit(canonical_url(url))
    if key == "allowed_hosts":
        return not values or host_name(parts.hostname or "") in map(host_name, values)
    is_among = meant_path(parts.path).startswith(tuple(map(meant_path, values)))
    return is_among != (key == "denied_paths")
