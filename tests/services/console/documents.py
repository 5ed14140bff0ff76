"""Short constructors of documents on their way."""

from shared.contracts.documents import AugmentedDocument, CleanDocument, Lineage, RawDocument, RejectedDocument
from shared.contracts.identity import content_hash, document_id
from shared.contracts.message import ClaimCheck
from shared.contracts.split import Split
from shared.datasets.rows import Row, edition_of, row_id_of
from tests.services.console.memory_topics import AT


def url_of(name: str) -> str:
    """Give the address of the page `name`."""
    return f"http://site.example/{name}"


def lineage(name: str, content: str = "first", op: str = "") -> Lineage:
    """Give the lineage of the page `name`, when it said `content`."""
    return Lineage(
        source="site",
        url=url_of(name),
        fetched_at=AT,
        licence="MPL-2.0",
        content_hash=content_hash(f"{name} {content}".encode()),
        group_id=f"site:/{name}",
        rule_set="1-abcdef01",
        op=op,
        op_version=1 if op else 0,
        seed=7 if op else 0,
        parent_id="parent" if op else None,
    )


def raw(name: str) -> RawDocument:
    """Give the page as it was fetched."""
    body = ClaimCheck(bucket="b", key="raw/site/pack.warc.gz", offset=100, length=50, sha256="0" * 64, encoding="gzip")
    return RawDocument(
        document_id=document_id(url_of(name)), lineage=lineage(name), status=200, content_type="text/html", body=body
    )


def clean(name: str, content: str = "first") -> CleanDocument:
    """Give what the cleaner makes of it."""
    return CleanDocument(
        document_id=document_id(url_of(name)),
        lineage=lineage(name, content),
        language="en",
        title=f"About {name}",
        text=content,
    )


def rejected(name: str, reason: str = "too-short") -> RejectedDocument:
    """Give the cleaner's no."""
    return RejectedDocument(
        document_id=document_id(url_of(name)), lineage=lineage(name), step="require-length", reason=reason, detail="3"
    )


def augmented(name: str, content: str = "first", op: str = "") -> AugmentedDocument:
    """Give what the augmenter makes of it."""
    return AugmentedDocument(
        document_id=document_id(url_of(name)),
        lineage=lineage(name, content, op),
        language="en",
        text=content,
        labels={"application": "calc"},
    )


def row(name: str, content: str = "first", op: str = "") -> Row:
    """Give the page row of it."""
    came = lineage(name, content, op)
    document = document_id(url_of(name))
    return Row(
        row_id=row_id_of(document, came, "page", 0),
        document_id=document,
        edition=edition_of(came),
        kind="page",
        part=0,
        text=content,
        title=f"About {name}",
        language="en",
        split=Split.TRAIN,
        labels={"application": "calc"},
        lineage=came,
        event_id="event",
    )
