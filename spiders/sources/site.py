"""The spider of most sources: a site of pages that link to each other, or that a sitemap names."""

from spiders.base import DocumentSpider


class SiteSpider(DocumentSpider):
    """Reads what `millrace.toml` says of a source, and nothing more needs to be written."""

    name = "site"
