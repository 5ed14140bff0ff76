"""Begins a spider: `python -m spiders.new NAME URL` writes the spider, its test and the saved page that it reads."""

import argparse
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final
from urllib.error import URLError

from pydantic import TypeAdapter, ValidationError

from shared.contracts.identity import NotAUrl, canonical_url
from shared.flywheel.table import Name
from shared.settings import SettingsError, load
from spiders.page import is_html
from spiders.settings import SpiderSettings, user_agent

ROOT: Final = Path(__file__).parents[1]
TEMPLATES: Final = Path(__file__).parent / "templates"
MOST_BYTES: Final = 8 * 1024 * 1024
FETCH_SECONDS: Final = 30.0


class NotBegun(Exception):
    """The spider was not begun, and nothing was written; the message says why and what to do."""


@dataclass(frozen=True)
class Beginning:
    """A spider to be: its name, such as `my-site`, and one page that it shall read."""

    name: str
    url: str

    @property
    def module(self) -> str:
        """Its module, such as `my_site`."""
        return self.name.replace("-", "_")

    @property
    def class_name(self) -> str:
        """Its class, such as `MySiteSpider`."""
        return "".join(part.capitalize() for part in self.name.split("-")) + "Spider"

    def files(self, page: bytes) -> Mapping[str, bytes]:
        """Give what is to be written, by path from the repository's root."""
        return {
            f"spiders/sources/{self.module}.py": self._filled("document.tmpl"),
            f"tests/spiders/sources/test_{self.module}.py": self._filled("test.tmpl"),
            f"tests/spiders/fixtures/{self.module}/page.html": page,
        }

    def _filled(self, template: str) -> bytes:
        text = (TEMPLATES / template).read_text("utf-8")
        words = {"name": self.name, "url": self.url, "module": self.module, "class_name": self.class_name}
        return Template(text).substitute(words).encode()


def beginning(name: str, url: str) -> Beginning:
    """Check name and address; raises `NotBegun`."""
    try:
        checked = TypeAdapter(Name).validate_python(name)
        address = canonical_url(url)
    except (ValidationError, NotAUrl) as error:
        raise NotBegun(f"{error}") from error
    if checked[0].isdecimal():
        raise NotBegun(f"{name}: begin it with a letter, for it names a class")
    if not address.startswith(("http://", "https://")) or '"' in address:
        raise NotBegun(f"{url}: give an http:// or https:// address")
    return Beginning(checked, address)


def fetched(url: str) -> bytes:
    """Fetch the one page; raises `NotBegun`."""
    agent = {"User-Agent": user_agent(load(SpiderSettings).contact)}
    request = urllib.request.Request(url, headers=agent)  # noqa: S310 - `beginning` lets http and https through alone
    try:
        with urllib.request.urlopen(request, timeout=FETCH_SECONDS) as answer:  # noqa: S310 - as above
            body: bytes = answer.read(MOST_BYTES + 1)
            content_type = answer.headers.get("Content-Type", "")
    except (URLError, OSError) as error:
        raise NotBegun(f"{url} could not be fetched: {error}. Save the page yourself: --page FILE") from error
    if not is_html(content_type) or len(body) > MOST_BYTES:
        raise NotBegun(f"{url} is no page of at most {MOST_BYTES:,} bytes: {content_type}")
    return body


def write_files(root: Path, files: Mapping[str, bytes]) -> None:
    """Write `files` below `root`; raises `NotBegun` where one of them is there."""
    there = [path for path in files if (root / path).exists()]
    if there:
        raise NotBegun(f"{', '.join(there)}: there already. Remove it, or take another name")
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)


def main(arguments: Sequence[str] | None = None) -> int:
    """Begin a spider; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m spiders.new", description="Begin a spider of its own.")
    parser.add_argument("name", help="what it is called, such as my-site")
    parser.add_argument("url", help="one page that it shall read; it is fetched and saved for the test")
    parser.add_argument("--page", type=Path, help="a file that holds the page; then nothing is fetched")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    try:
        begun = beginning(given.name, given.url)
        files = begun.files(given.page.read_bytes() if given.page else fetched(begun.url))
        write_files(given.root, files)
    except (NotBegun, SettingsError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write("".join(f"{path}\n" for path in files))
    sys.stdout.write(
        f'\nNow give a source in millrace.toml `spider = "{begun.name}"`, and say in the test what matters.\n'
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
