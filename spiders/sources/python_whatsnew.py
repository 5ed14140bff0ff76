"""What is new in each version of Python: documentation whose pages say themselves which version they are about."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from scrapy.http import TextResponse

from spiders.base import DocumentSpider

_PAGE: Final = re.compile(r"/whatsnew/(?:index|\d+\.\d+)\.html$")
_VERSION: Final = re.compile(r"Python (\d+)\.\d+")


class PythonWhatsNewSpider(DocumentSpider):
    """Reads `https://docs.python.org/3/whatsnew/`.

    Its source has that page as `start_urls`, `/3/whatsnew/` as `allowed_paths`, and `spider = "python-whatsnew"`.
    """

    name = "python-whatsnew"

    def links(self, response: TextResponse) -> Iterable[str]:
        """Follow pages of a version only: beside them are changelogs of several megabytes."""
        return (url for url in super().links(response) if _PAGE.search(urlsplit(url).path))

    def labels(self, response: TextResponse) -> Mapping[str, str]:
        """Read the major version out of the heading, such as `python-major = 3`."""
        return dict(self._majors(response))

    def _majors(self, response: TextResponse) -> Iterator[tuple[str, str]]:
        found = _VERSION.search(" ".join(response.css("h1 ::text").getall()))
        if found is not None:
            yield "python-major", found[1]
