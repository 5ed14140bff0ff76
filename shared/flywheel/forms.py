"""What texts in `millrace.toml` must look like. Each rule gives the text back, or raises `ValueError` with its flaw."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from shared.contracts.identity import canonical_url
from shared.flywheel.backtracking import may_take_for_ever

NAME_LIMIT: Final = 63
PATH_RULE_LIMIT: Final = 500
_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_HOST: Final = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")


@dataclass(frozen=True)
class Form:
    """The form of a text in words: stands in an annotation, in the reference page, in what a fault says is right."""

    words: str


def short_name(value: str) -> str:
    """Require what can stand in a topic, a folder and a metric alike."""
    if not _NAME.fullmatch(value) or len(value) > NAME_LIMIT:
        raise ValueError("not a name such as my-site")
    return value


def page_url(value: str) -> str:
    """Require an address that a page can be fetched from."""
    _refuse_blanks(value)
    url = urlsplit(value)
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise ValueError("not an http:// or https:// address with a host")
    if url.username is not None:
        raise ValueError("a user name and password have no place in this file")
    canonical_url(value)
    return value


def host(value: str) -> str:
    """Require a host as a URL's host is compared: in lower case, and nothing else with it."""
    if _is_address(value) or _HOST.fullmatch(value):
        return value
    if "/" in value:
        raise ValueError("a scheme or a path is no part of a host")
    if re.search(r":\d*$", value):
        raise ValueError("a port is no part of a host: all ports of an allowed host may be fetched")
    if "*" in value:
        raise ValueError("there are no wildcards: name each host")
    raise ValueError("not a host in lower-case ASCII letters (another script is written as xn--…)")


def path(value: str) -> str:
    """Require how the path of a URL may begin."""
    _refuse_blanks(value)
    if not value.startswith("/"):
        raise ValueError("not a path that begins with /")
    return value


def path_rule(value: str) -> str:
    """Require a regular expression with one group, which no path can keep busy for ever."""
    if len(value) > PATH_RULE_LIMIT:
        raise ValueError(f"longer than {PATH_RULE_LIMIT} characters")
    try:
        groups = re.compile(value).groups
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"not a regular expression: {error}") from error
    if groups != 1:
        raise ValueError(f"it needs exactly one group in brackets, and has {groups}; (?:…) groups without counting")
    if may_take_for_ever(value):
        raise ValueError("a repetition of a repetition, which can take for ever on a long path; repeat only once")
    return value


def _refuse_blanks(value: str) -> None:
    if any(character.isspace() or not character.isprintable() for character in value):
        raise ValueError("it holds a space or a control character")
    if "{" in value or "}" in value:
        raise ValueError("placeholders in braces are not supported: write out what is meant")


def _is_address(value: str) -> bool:
    try:
        return str(ip_address(value)) == value
    except ValueError:
        return False
