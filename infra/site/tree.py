"""What is in a tree of help pages: `<language>/text/<application>/…/<page>.html`, and all else beside it."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice, zip_longest
from pathlib import Path

Pages = Mapping[str, Mapping[str, Sequence[str]]]
"""The pages of each application of each language, in order: paths from the root, without the first slash."""


class SiteError(Exception):
    """The site can't be fetched, served or stopped; the message tells why, with the remedy."""


def languages_of(root: Path) -> list[str]:
    """List the languages that have pages."""
    return sorted(folder.parent.name for folder in root.glob("*/text") if next(folder.rglob("*.html"), None))


def files_of(root: Path) -> dict[str, Path]:
    """Give every file below `root` by its path from there; no link that leads out of it, or nowhere."""
    inside = root.resolve()
    found = (Path(folder, name) for folder, _, names in os.walk(inside) for name in names)
    return {
        path.relative_to(inside).as_posix(): path
        for path in found
        if not path.is_symlink() or (path.is_file() and path.resolve().is_relative_to(inside))
    }


def pages_of(root: Path) -> Pages:
    """Give the pages of `root`; raises `SiteError` where there are none."""
    languages = languages_of(root)
    if not languages:
        raise SiteError(
            f"{root} has no pages (<language>/text/<application>/<page>.html). Remedy: python -m infra.site fetch."
        )
    return {
        language: {
            application.name: sorted(page.relative_to(root).as_posix() for page in application.rglob("*.html"))
            for application in sorted((root / language / "text").iterdir())
            if application.is_dir()
        }
        for language in languages
    }


def slice_of(pages: Pages, limit: int) -> Pages:
    """Give the first `limit` pages of each language, as many of each application as there are, or one less."""
    return {language: _first(applications, limit) for language, applications in pages.items()}


def _first(applications: Mapping[str, Sequence[str]], limit: int) -> dict[str, list[str]]:
    kept = set(islice(_in_turns(applications.values()), limit))
    return {name: [page for page in pages if page in kept] for name, pages in applications.items()}


def _in_turns(lists: Iterable[Sequence[str]]) -> Iterator[str]:
    return (page for page in chain.from_iterable(zip_longest(*lists)) if page is not None)


def flat(applications: Mapping[str, Sequence[str]]) -> list[str]:
    """List the pages of all applications."""
    return list(chain.from_iterable(applications.values()))
