"""Short constructors of clean documents, of what the augmenter goes by, and of records as they are received."""

from datetime import UTC, datetime

import msgspec

from services.augmenter.core.plan import Plan
from services.augmenter.core.synonym_list import SynonymList, parse_synonyms
from shared.contracts.documents import CleanDocument, Lineage, NearDuplicate
from shared.contracts.envelope import Envelope, Origin
from shared.contracts.split import Split
from shared.flywheel.config import Augmentation, Dataset, Flywheel, LabelRule, Source
from shared.stream.service import Received

ENGLISH = "Open the document and choose a style.\n\nThen print the first page of the large table."
CHINESE = "打开文档，然后选择一种样式。\n\n再打印大表格的第一页。"  # noqa: RUF001 - Chinese punctuation
BUCKET = "millrace"
SYNONYMS = ("large, big, huge", "choose, pick, select", "文档, 文件, 档案", "选择, 挑选, 选取")
PARENT = "the-event-of-the-clean-document"

SOURCE = Source(
    name="help",
    start_urls=("http://127.0.0.1:8808/",),
    delay_seconds=0,
    licence="MPL-2.0",
    labels={"application": LabelRule(path="/text/s(calc|writer)/", values={"calc": "Calc"})},
)


def flywheel(*operations: str, **augmentation: object) -> Flywheel:
    """Build a flywheel of one source that asks for `operations`."""
    return Flywheel(
        sources=(SOURCE,),
        augmentation=Augmentation.model_validate({"operations": operations, **augmentation}),
        dataset=Dataset(name="help"),
    )


def synonyms(*lines: str) -> SynonymList:
    """Build a list of synonyms, a set a line."""
    return parse_synonyms("\n".join(lines), "synonyms.txt")


def plan(*operations: str, **augmentation: object) -> Plan:
    """Build what the augmenter goes by; with synonyms for the texts here."""
    return Plan(flywheel(*operations, **augmentation), BUCKET, synonyms(*SYNONYMS))


def clean(text: str = ENGLISH, *, split: Split | None = Split.TRAIN, **changes: object) -> CleanDocument:
    """Build a clean document whose publisher has put it into `split`."""
    usual = CleanDocument(
        document_id="00112233445566778899aabbccddeeff",
        lineage=Lineage(
            source="help",
            url="http://127.0.0.1:8808/en-US/text/scalc/main.html",
            fetched_at=datetime(2026, 11, 24, tzinfo=UTC),
            licence="MPL-2.0",
            content_hash="ab" * 32,
            group_id="help:/text/scalc/main.html",
            split_hint=split,
            rule_set="1-0123abcd",
        ),
        language="en",
        title="Styles",
        text=text,
        headings=("Choosing", "Printing"),
        scores={"language": 0.99},
        near_duplicate=NearDuplicate(cluster_id="0011223344556677", similarity=1.0),
        signature=bytes(512),
    )
    return msgspec.structs.replace(usual, **changes)


def received(document: CleanDocument, body: bytes | None = None) -> Received[CleanDocument]:
    """Build the record that brought `document`, with the object that it claims."""
    envelope = Envelope(
        id=PARENT,
        source="/millrace/cleaner",
        type="millrace.documents.clean",
        time=datetime(2026, 11, 24, tzinfo=UTC),
        dataschema="millrace:documents-clean/v1",
        partitionkey=document.document_id,
    )
    return Received(document, envelope, Origin("documents-clean", 0, 7), body)
