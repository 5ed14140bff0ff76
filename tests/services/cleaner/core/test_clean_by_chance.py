"""Tests of the whole chain on pages made by chance: it always answers, and always the same."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.cleaner.core.clean import clean
from shared.contracts.documents import CleanDocument, RejectedDocument
from shared.contracts.message import encode
from shared.contracts.topics import RECORD_LIMIT_BYTES
from tests.services.cleaner.builders import CHINESE, ENGLISH, page, received, rules

RULES = rules()
PIECES = st.sampled_from(
    (
        *("<p>", "</p>", "<div>", "</div>", "<h1>", "</h1>", "<ul><li>", "</ul>", "<table><tr><td>", "<script>", "<b"),
        *("<!--", "-->", "<![CDATA[", "&#xD800;", "&amp", "<span hidden>", "<template>", "<svg><title>", "<title>"),
        *("\0", "\ud7ff", "\ufffe", "\u200b", "\u3000", "é".encode().decode("latin-1"), "锛", "。", "\r", "1391234567"),
        *(ENGLISH, CHINESE, "a@b.org ", "word ", "# ", "… "),
    )
)
PAGES = st.lists(PIECES | st.text(max_size=20), max_size=30).map("".join)
CHARSETS = st.sampled_from(("utf-8", "gb18030", "utf-16", "latin-1", "big5", "iso-2022-jp"))
CONTENT_TYPES = st.sampled_from(("text/html", "", *(f"text/html; charset={name}" for name in ("gbk", "big5", "utf-7"))))


def answer(body: bytes, content_type: str) -> None:
    """Clean `body` twice, and look at the answer."""
    outcome = clean(received(body, content_type=content_type), RULES)
    [message] = outcome.messages
    assert isinstance(message, CleanDocument | RejectedDocument)
    assert len(encode(message)) < RECORD_LIMIT_BYTES
    assert bool(outcome.reason) is isinstance(message, RejectedDocument)
    assert clean(received(body, content_type=content_type), RULES) == outcome


@given(st.binary(max_size=500), CONTENT_TYPES)
def test_arbitrary_bytes_are_answered(body: bytes, content_type: str) -> None:
    """Never by an exception."""
    answer(body, content_type)


@given(st.binary(max_size=10), st.integers(0, 800), CHARSETS)
def test_a_page_with_a_wound_is_answered(wound: bytes, place: int, charset: str) -> None:
    """Wherever in a page the bytes are that don't belong there."""
    body = page(f"{ENGLISH[:80]} {CHINESE}", charset="utf-8").decode().encode(charset, "replace")
    answer(body[:place] + wound + body[place:], "text/html")


@settings(max_examples=200)
@given(PAGES, CHARSETS)
def test_arbitrary_html_is_answered(html: str, charset: str) -> None:
    """Whatever is nested in whatever, in whatever charset."""
    answer(html.encode(charset, "replace"), "text/html")
