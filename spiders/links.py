"""What a page says in its markup of where to go on, and of its use: links, `<base href>`, `<meta>`. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from posixpath import splitext
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from scrapy.http import TextResponse
from scrapy.linkextractors import IGNORED_EXTENSIONS
from w3lib.url import safe_url_string

from spiders.robots import AGENT

MOST_LINKS: Final = 10_000
"""So many links of one page are looked at; a page of 8 MiB could hold a million, and hold up everything else."""

META_SIGNALS: Final = ("robots", AGENT.lower(), "tdm-reservation", "tdm-policy", "content-usage")
"""Names of `<meta>` elements in which a page's owner says how it may be used."""

_NO_FOLLOWING: Final = frozenset({"nofollow", "none"})
_WITH_A_COLON: Final = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})
"""Rules of X-Robots-Tag that have a colon, where otherwise a crawler's name has one."""
_WEB: Final = ("http", "https")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_IGNORED: Final = frozenset(f".{extension}" for extension in IGNORED_EXTENSIONS)


def links(response: TextResponse) -> Iterator[str]:
    """Give the URLs that `response` links to, each spelling once, at most `MOST_LINKS`, without fragments.

    `<base href>` and `rel=nofollow` are honoured. Files that by their name are no pages, and links that no URL can be
    made of, are left out.
    """
    base = base_of(response)
    for number, href in enumerate(_hrefs(response)):
        if number == MOST_LINKS:
            return
        try:
            url = urljoin(base, href)
            is_page = splitext(urlsplit(url).path)[1].lower() not in _IGNORED
            written = url if url.isascii() or not is_page else _written(url, response.encoding)
        except ValueError:
            continue
        if is_page:
            yield written


def _written(url: str, encoding: str) -> str:
    """Write `url` in ASCII: by the standard its query in the page's own `encoding`, in UTF-8 where that can't do it."""
    try:
        return safe_url_string(url, encoding=encoding)
    except UnicodeError:
        return safe_url_string(url)


def base_of(response: TextResponse) -> str:
    """Give the URL that links are relative to: the first `<base href>`, where it is one of the web, or the page's."""
    root: Any = response.selector.root
    found = next((href for one in root.iter("base") if (href := one.get("href"))), "")
    try:
        base = urljoin(response.url, found.strip())
        return base if urlsplit(base).scheme in _WEB else response.url
    except ValueError:
        return response.url


def meta_signals(response: TextResponse) -> dict[str, str]:
    """Give what `<meta>` elements say about the page's use, by `meta:` and their name; several of one name in a row."""
    found: dict[str, list[str]] = {}
    root: Any = response.selector.root
    for element in root.iter("meta"):
        name = (element.get("name") or "").strip().lower()
        if name in META_SIGNALS and (content := (element.get("content") or "").strip()):
            found.setdefault(f"meta:{name}", []).append(content)
    return {name: ", ".join(values) for name, values in found.items()}


def is_nofollow(metas: Mapping[str, str], tags: Iterable[str]) -> bool:
    """Say whether a page asks that none of its links be followed, by its `meta_signals` or its X-Robots-Tag headers."""
    said = [metas.get(f"meta:{name}", "") for name in ("robots", AGENT.lower())]
    rules = ",".join([*said, *map(_for_us, tags)]).lower().split(",")
    return not _NO_FOLLOWING.isdisjoint(rule.strip() for rule in rules)


def _for_us(tag: str) -> str:
    """Give the rules of one X-Robots-Tag header, which may begin with the name of the crawler that it is for."""
    name, colon, rules = tag.partition(":")
    name = name.strip().lower()
    if not colon or "," in name or name in _WITH_A_COLON:
        return tag
    return rules if name == AGENT.lower() else ""


def _hrefs(response: TextResponse) -> Iterator[str]:
    """Give the links' targets as they are written, each once; none to the page itself, none of another protocol."""
    seen = {""}
    root: Any = response.selector.root
    for element in root.iter("a", "area"):
        href = (element.get("href") or "").strip().partition("#")[0]
        if href in seen or "nofollow" in (element.get("rel") or "").lower().split():
            continue
        seen.add(href)
        scheme = _SCHEME.match(href)
        if scheme is None or scheme[1].lower() in _WEB:
            yield href
