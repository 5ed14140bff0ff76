"""Names that are the same whenever the same work is done: document ids, event ids, content hashes.

Because an id is a hash of what it names, a replay brings the ids it brought before, and whoever has seen them knows.
"""

import hashlib
import re
from datetime import datetime
from ipaddress import IPv6Address
from typing import Final
from urllib.parse import SplitResult, quote, unquote, urlsplit

from shared.contracts import timestamp

DOCUMENT_ID_BYTES: Final = 16
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_ESCAPE: Final = re.compile("%(?:[0-9a-fA-F]{2})?")
_HOST: Final = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?")
# RFC 3986 §2.3: escaping one of these, or not, makes no other URL.
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_LEGAL_IN_PATH: Final = "/!$&'()*+,;=:@%-._~"
_LEGAL_IN_QUERY: Final = _LEGAL_IN_PATH + "?[]"


class NotAUrl(ValueError):
    """The text is no absolute URL with a host, so no document can be named by it."""


def canonical_url(url: str) -> str:
    """Write `url` in the one form that all its spellings share.

    RFC 3986 §6.2.2 and §6.2.3: scheme and host in lower case (host in IDNA 2003, as Scrapy asks for it; IPv6 in full),
    no default port, no user information, no fragment, dot segments removed, escapes in upper case and only where
    needed, a lone `%` escaped, an empty path as `/`. The query keeps its order and content, for only the site knows
    what it means; an empty one goes. Raises `NotAUrl`.
    """
    try:
        return _canonical(urlsplit(url.strip()))
    except ValueError as error:
        raise NotAUrl(f"{url!r} names no document: {error}") from error


def document_id(url: str) -> str:
    """Name the document at `url`: 32 hex digits, the first 16 bytes of the SHA-256 of its canonical URL."""
    return hashlib.sha256(canonical_url(url).encode()).digest()[:DOCUMENT_ID_BYTES].hex()


def feedback_document_id(task: str, customer: str, input_hash: str) -> str:
    """Name what a customer has said of one input of one task: 32 hex digits, the same whenever they say it again."""
    return digest_of("feedback", task, customer, input_hash)[: 2 * DOCUMENT_ID_BYTES]


def content_hash(content: bytes) -> str:
    """Give the hex SHA-256 of `content`."""
    return hashlib.sha256(content).hexdigest()


def raw_event_id(source: str, url: str, content: str, fetched_at: datetime) -> str:
    """Name one fetch of one page; `content` is its content hash. Raises `NotAUrl`; `ValueError` without time zone."""
    return digest_of("raw", source, canonical_url(url), content, timestamp.to_text(fetched_at))


def derived_event_id(parent: str, service: str, rule_set: str, op: str = "", seed: int = 0) -> str:
    """Name what `service` made of the event `parent` by the rules `rule_set` (and, for a copy, by `op` and `seed`)."""
    return digest_of("derived", parent, service, rule_set, op, str(seed))


def digest_of(*parts: str) -> str:
    """Give the hex SHA-256 of `parts`, each behind its length, so that no two lists of parts read the same."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode()
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()


def _canonical(parts: SplitResult) -> str:
    path = _remove_dot_segments(_normalise_escapes(parts.path, _LEGAL_IN_PATH)) or "/"
    query = f"?{_normalise_escapes(parts.query, _LEGAL_IN_QUERY)}" if parts.query else ""
    return f"{parts.scheme}://{_authority(parts)}{path}{query}"


def _authority(parts: SplitResult) -> str:
    if not parts.scheme or not parts.hostname:
        raise ValueError("it needs a scheme and a host")
    bracketed = parts.netloc.rpartition("@")[2].startswith("[")
    host = _address(parts.hostname) if bracketed else _host(parts.hostname)
    return host if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f"{host}:{parts.port}"


def _address(name: str) -> str:
    address = IPv6Address(name)
    if address.scope_id is not None:
        raise ValueError(f"{name!r} has a zone, which names an interface of one machine")
    # In full, for how Python shortens an address differs between its versions.
    return f"[{address.packed.hex(':', 2)}]"


def _host(name: str) -> str:
    host = unquote(name, errors="strict").lower().encode("idna").decode()
    if not _HOST.fullmatch(host):
        raise ValueError(f"{name!r} is not a host's name")
    return host


def _normalise_escapes(text: str, legal: str) -> str:
    def settle(match: re.Match[str]) -> str:
        escape = match.group()
        if escape == "%":
            return "%25"
        character = unquote(escape, encoding="latin-1")
        return character if character in _UNRESERVED else escape.upper()

    return quote(_ESCAPE.sub(settle, text), safe=legal)


def _remove_dot_segments(path: str) -> str:
    """Resolve `.` and `..` (RFC 3986 §5.2.4) in an absolute path."""
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments[1:]:
        if segment == "..":
            kept[-1:] = []
        elif segment != ".":
            kept.append(segment)
    trailing = "/" if segments[-1] in (".", "..") and kept else ""
    return "/" + "/".join(kept) + trailing if path else ""
