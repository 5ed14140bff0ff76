"""Tests of masking personal data in a document."""

from services.cleaner.core.document import Document, Policy
from services.cleaner.core.steps.mask_personal_data import MASK_PERSONAL_DATA
from shared.flywheel.config import Cleaning
from tests.services.cleaner.builders import ENGLISH, apply

DOCUMENT = Document(
    b"",
    text="请致电13912345678，或写信给 a@b.org 和 c@d.org。",  # noqa: RUF001
    title="联系 a@b.org",
    headings=("Call 212-555-0123", "About"),
    keywords=("e@f.org", "help"),
)


def test_all_that_a_page_says_is_masked() -> None:
    """What is in one of them is often in another."""
    masked = apply(MASK_PERSONAL_DATA, DOCUMENT)
    assert masked.text == "请致电[phone]，或写信给 [email] 和 [email]。"  # noqa: RUF001
    assert masked.title == "联系 [email]"
    assert masked.headings == ("Call [phone]", "About")
    assert masked.keywords == ("[email]", "help")
    assert masked.scores == {"masked-email": 4, "masked-phone": 2}


def test_a_flywheel_says_what_is_masked() -> None:
    """It may know that its addresses are public."""
    masked = apply(MASK_PERSONAL_DATA, DOCUMENT, Policy(Cleaning(mask=("phone",)), ("en", "zh")))
    assert "a@b.org" in masked.text
    assert masked.scores == {"masked-phone": 2}


def test_a_document_without_any_stays_as_it_is() -> None:
    """No score is no find."""
    document = Document(b"", text=ENGLISH, title="Filters")
    assert apply(MASK_PERSONAL_DATA, document) == document
