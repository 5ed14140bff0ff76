"""What a source's rules say of one page: its labels and its group, read from the path of its URL. Pure."""

import re
from urllib.parse import unquote, urlsplit

from shared.contracts.identity import canonical_url
from shared.flywheel.config import Source


def labels_of(source: Source, url: str) -> dict[str, str]:
    """Give the labels of the page at `url`; one whose rule doesn't match is left out."""
    path = _path(url)
    found = {name: re.search(rule.path, path) for name, rule in source.labels.items()}
    return {
        name: source.labels[name].values.get(match[1], match[1])
        for name, match in found.items()
        if match is not None and match[1]
    }


def group_of(source: Source, url: str) -> str:
    """Name the group of the page at `url`: `<name>:<what the rule found>`, else `<name>:<canonical URL>`.

    The name is the rule's own, else the source's: sources whose rules have one name share their groups.

    Pages of one group share a split for ever, so a changed rule moves pages between splits: make a new dataset then.
    """
    match = re.search(source.group.path, _path(url)) if source.group is not None else None
    name = source.name if source.group is None else source.group.name or source.name
    return f"{name}:{match[1] if match is not None and match[1] else canonical_url(url)}"


def _path(url: str) -> str:
    return unquote(urlsplit(canonical_url(url)).path)
