"""Short constructors of pages, of records as they are received, and of what a cleaner goes by."""

from datetime import UTC, datetime
from hashlib import sha256

import msgspec

from services.cleaner.core.clean import Rules
from services.cleaner.core.document import Document, Policy, Rejection, Step
from shared.contracts.documents import Lineage, RawDocument
from shared.contracts.envelope import Envelope, Origin
from shared.contracts.identity import document_id
from shared.contracts.message import ClaimCheck
from shared.flywheel.config import Cleaning, Dataset, Flywheel, GroupRule, Source
from shared.flywheel.learning import Language
from shared.stream.service import Received
from shared.warc.pack import write_response

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BUCKET = "millrace"
POLICY = Policy(Cleaning(), ("en", "zh"))
SOURCE = Source(
    name="help",
    start_urls=("http://127.0.0.1:8808/",),
    delay_seconds=0,
    licence="MPL-2.0",
    max_page_bytes=64 * 1024,
    group=GroupRule(path="^/[^/]+(/.*)$"),
)
URL = "http://127.0.0.1:8808/en-US/text/scalc/main.html"
ENGLISH = (
    "The filter hides each row that you do not want to see. Choose a column, then write down which values are to be "
    "left, and press the button. Rows that were hidden come back when the filter is removed from the table."
)
CHINESE = (
    "筛选功能会隐藏您不想看到的行。请先选择一列，然后写下要保留的值，最后按下按钮。"  # noqa: RUF001 - as it is written
    "从表格中移除筛选之后，隐藏的行会重新显示出来。筛选不会删除任何数据，只是暂时不显示而已。"  # noqa: RUF001
)


def page(text: str = ENGLISH, title: str = "Filters", charset: str = "utf-8") -> bytes:
    """Build a page as help systems have them: a menu, a heading, the text, a footer."""
    html = (
        f'<!DOCTYPE html><html><head><meta charset="{charset}"><title>{title}</title></head><body>'
        "<header><nav><a href='/'>Contents</a></nav></header><aside><input type=search placeholder='Search'></aside>"
        f"<div id='content'><h1>{title}</h1><p>{text}</p></div><footer>Please support us!</footer></body></html>"
    )
    return html.encode(charset)


def apply(step: Step, document: Document, policy: Policy = POLICY) -> Document:
    """Apply `step` to what it must not turn away."""
    done = step.apply(document, policy)
    assert isinstance(done, Document), done
    return done


def reason(step: Step, document: Document, policy: Policy = POLICY) -> str:
    """Give the reason for which `step` turns `document` away; empty where it doesn't."""
    done = step.apply(document, policy)
    return done.reason if isinstance(done, Rejection) else ""


def policy(*languages: Language, **thresholds: float) -> Policy:
    """Build a policy of a source in `languages`, with the same `thresholds` for English and Chinese."""
    cleaning = Cleaning()
    profiles = {name: getattr(cleaning, name).model_copy(update=thresholds) for name in ("en", "zh")}
    return Policy(cleaning.model_copy(update=profiles), languages or ("en", "zh"))


def flywheel(source: Source = SOURCE, **cleaning: object) -> Flywheel:
    """Build a flywheel of one source."""
    return Flywheel(sources=(source,), cleaning=Cleaning.model_validate(cleaning), dataset=Dataset(name="help"))


def rules(source: Source = SOURCE) -> Rules:
    """Build what a cleaner goes by."""
    return Rules(flywheel(source), BUCKET, "1-0badcafe")


def received(body: bytes | None = None, *, packed: bytes | None = None, **changes: object) -> Received[RawDocument]:
    """Build a record of a page whose bytes are `body`, as it is handed to the cleaner; `packed` instead of its pack."""
    content = page() if body is None else body
    headers = (("Content-Type", "text/html; charset=utf-8"),)
    member = write_response(URL, NOW, 200, headers, content) if packed is None else packed
    raw = RawDocument(
        document_id=document_id(URL),
        lineage=Lineage(
            source="help", url=URL, fetched_at=NOW, licence="MPL-2.0", content_hash=sha256(content).hexdigest()
        ),
        status=200,
        content_type="text/html; charset=utf-8",
        body=ClaimCheck(
            bucket=BUCKET,
            key="packs/one.warc.gz",
            offset=0,
            length=len(member),
            sha256=sha256(member).hexdigest(),
            encoding="gzip",
        ),
        labels={"application": "calc"},
    )
    envelope = Envelope(
        id="the-event",
        source="/millrace/spiders",
        type="millrace.documents.raw",
        time=NOW,
        dataschema="millrace:documents-raw/v1",
        partitionkey=raw.document_id,
    )
    return Received(msgspec.structs.replace(raw, **changes), envelope, Origin("documents-raw", 0, 7), member)
