"""Tests of taking the text out of a page."""

import time

import pytest

from services.cleaner.core.document import Document
from services.cleaner.core.steps.extract import (
    EXTRACT,
    MAX_CHARACTERS,
    MAX_DEPTH,
    MAX_HEADING_CHARACTERS,
    MAX_TAGS,
)
from services.cleaner.core.steps.normalise import normalised
from tests.services.cleaner.builders import CHINESE, ENGLISH, POLICY, apply, page, reason


def extracted(body: str, head: str = "") -> Document:
    """Extract a page with `body` between a menu and a footer."""
    html = f"<html><head>{head}</head><body><nav><a href=/>Menu</a></nav>{body}<footer>Imprint</footer></body></html>"
    return apply(EXTRACT, Document(b"", html=html))


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_only_the_page_itself_is_taken(text: str) -> None:
    """Neither its menu, nor its search box, nor the call for donations."""
    document = apply(EXTRACT, Document(b"", html=page(text, title="筛选").decode()))
    assert document.text.split() == ["筛选", *text.split()]
    assert document.title == "筛选"
    assert document.headings == ("筛选",)


def test_scripts_comments_and_alternative_texts_are_no_text() -> None:
    """Nothing is taken that a reader doesn't see."""
    hidden = "<script>var a;</script><style>p {}</style><!-- note --><template>t</template><img src=x alt=picture>"
    assert extracted(f"<h1>One</h1><p>Two</p>{hidden}").text.split() == ["One", "Two"]


def test_headings_are_those_of_the_text_in_their_order() -> None:
    """Those of menus and footers are none, nor is an h4; one that comes twice is there once."""
    body = "<h1>One</h1><p>a</p><h3>Two\n  words</h3><p>b</p><h2>Three</h2><p>c</p><h4>Four</h4><h2>Three</h2><p>d</p>"
    assert extracted(f"<aside><h2>News</h2></aside>{body}").headings == ("One", "Two words", "Three")


@pytest.mark.parametrize(
    ("markup", "keywords"),
    [
        (
            '<meta name="keywords" content="rows, freezing ;columns，冻结、列">',  # noqa: RUF001
            ("rows", "freezing", "columns", "冻结", "列"),
        ),
        ('<meta NAME="Keywords" content=" one ,, one , ">', ("one",)),
        (
            '<meta itemprop="keywords" content="rows, freezing"><meta itemprop="keywords" content="a">',
            ("rows, freezing", "a"),
        ),
        ('<meta itemprop="keywords" content="rows, a">', ("rows", "a")),
        ('<meta name="description" content="a"><meta name="keywords"><meta itemprop="keywords" content=" ">', ()),
        (f'<meta name="keywords" content="{"x" * 301},y">', ("y",)),
        (f'<meta name="keywords" content="{",".join(map(str, range(101)))}">', tuple(map(str, range(100)))),
    ],
    ids=["a list", "once each", "entries", "one entry", "none", "a long one", "many"],
)
def test_keywords_are_those_of_the_markup(markup: str, keywords: tuple[str, ...]) -> None:
    """In the head or among the text, which they are no part of."""
    assert extracted("<h1>One</h1><p>Two</p>", markup).keywords == keywords
    within = extracted(f"<h1>One</h1>{markup}<p>Two</p>")
    assert within.keywords == keywords
    assert within.text.split() == ["One", "Two"]


def test_the_title_may_be_a_heading() -> None:
    """Where the page says none, or an empty one."""
    assert extracted("<h1>One</h1><p>Two</p>").title == "One"
    assert extracted("<h1>One</h1><p>Two</p>", "<title> </title>").title == "One"
    assert extracted("<h1>One</h1><p>Two</p>", "<title>The \n title</title>").title == "The title"
    assert extracted("<p>Two</p>").title == ""


def test_a_title_is_no_longer_than_a_heading() -> None:
    """One of a megabyte would make a record that Kafka doesn't take: the page would be a dead letter."""
    long = "t" * MAX_HEADING_CHARACTERS
    assert extracted("<h1>One</h1><p>Two</p>", f"<title>{long}</title>").title == long
    assert extracted("<h1>One</h1><p>Two</p>", f"<title>{long}t</title>").title == "One"
    assert extracted(f"<h1>{long}t</h1><p>Two</p>", f"<title>{long}t</title>").title == ""


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>请参阅<a href=x>筛选</a>。</p>", "请参阅筛选。"),
        ("<p>「<em>数字</em>」和</p>", "「数字」和"),
        ("<table><tr><td>是</td><td>否</td></tr></table>", "是 否"),
        ("<p>It’s<b>—</b>so</p>", "It’s—so"),  # noqa: RUF001
    ],
)
def test_a_character_alone_in_its_element_is_kept(body: str, text: str) -> None:
    """In Chinese the end of a sentence is often all there is behind a link."""
    assert " ".join(normalised(extracted(f"<p>a</p>{body}").text).split()) == f"a {text}"


def test_an_icon_is_not() -> None:
    """Icon fonts use the private area."""
    assert extracted("<p>a <i>\ue001</i></p>").text.strip() == "a"


def test_variants_that_a_script_shows_are_text() -> None:
    """Documentation hides the variants of a page and lets a script show one."""
    assert "Split cells" in extracted("<h1>Cells</h1><span hidden='true'><p>Split cells</p></span>").text
    assert "Split" not in extracted("<h1>Cells</h1><p style='display:none'>Split</p>").text


def test_variants_of_a_word_do_not_grow_together() -> None:
    """The key has another name on another system."""
    keys = "<span hidden>Command</span><span hidden>Ctrl</span>+F<span hidden>6</span>"
    assert extracted(f"<h1>Keys</h1><p>Press {keys} now</p>").text.endswith("Press Command Ctrl+F6 now")


def test_a_list_of_sentences_is_text_and_one_of_links_is_none() -> None:
    """However near the body it is."""
    item = "<li>Choose <a href=x>Filter</a> and press the button.</li>"
    menu = "<li><a href=x>Filter</a></li><li><a href=y>Sort</a></li>"
    text = extracted(f"<div><h1>One</h1><p>Two</p><ul>{item * 2}</ul><ul>{menu}</ul><p>Three</p></div>").text
    assert text.count("Choose Filter and press the button.") == 2
    assert "Sort" not in text
    assert text.index("Two") < text.index("Choose") < text.index("Three")


@pytest.mark.parametrize(
    "html",
    [
        "<p>One<div>Two</span></p></b><table><p>Three",
        "<html><body><h1>One<p>Two<ul><li>Three</body></html>Three",
        "One &amp &#xD800; &#0; &nosuch; <Two <p Three</p>",
        "<!DOCTYPE><<<>>> One <a href='unclosed>Two</a>",
        "\ufffe\uffff One",
    ],
)
def test_broken_html_is_read_as_well_as_can_be(html: str) -> None:
    """As browsers do; it is never an error."""
    assert "One" in apply(EXTRACT, Document(b"", html=html)).text


@pytest.mark.parametrize(
    "html", ["<html></html>", "<nav>Menu</nav>", "<script>let it = 1</script>", "<!-- -->", "<img src=x>"]
)
def test_a_page_without_text_is_turned_away(html: str) -> None:
    """A page of pictures, or of scripts, teaches nothing."""
    assert reason(EXTRACT, Document(b"", html=html)) == "no-text"


def test_a_page_that_no_person_wrote_is_turned_away() -> None:
    """Its extraction would take longer than all others together."""
    deep = "<div>" * (MAX_DEPTH * 4) + "x"
    assert reason(EXTRACT, Document(b"", html=deep)) == "too-complex"
    assert reason(EXTRACT, Document(b"", html="<br>" * (MAX_TAGS + 1))) == "too-complex"
    assert reason(EXTRACT, Document(b"", html="a" * (MAX_CHARACTERS + 1))) == "too-complex"
    assert reason(EXTRACT, Document(b"", html="<p>one</p>" * (MAX_TAGS // 10))) == ""


@pytest.mark.parametrize(
    "html",
    [
        pytest.param(f"<ul>{'<li><a href=x>one</a>' * 3_000}</ul><p>{ENGLISH}", id="a list of links"),
        pytest.param("<div hidden>one two</div>" * 3_000, id="variants"),
        pytest.param(f"{'<div>' * 1_000}{'word ' * 1_000_000}", id="deep and long"),
        pytest.param(f"{'<div>' * 900}{'<p>word</p>' * 60_000}", id="deep and wide"),
    ],
)
def test_no_page_takes_long(html: str) -> None:
    """A page is written by whoever likes to: one that took minutes would stop its partition."""
    started = time.monotonic()
    EXTRACT.apply(Document(b"", html=html), POLICY)
    assert time.monotonic() - started < 10


def test_depth_is_held_against_length() -> None:
    """What a short page may have, a long one may not."""
    assert reason(EXTRACT, Document(b"", html=f"{'<div>' * 500}word")) == ""
    assert reason(EXTRACT, Document(b"", html=f"{'<div>' * 500}{'word ' * 250_000}")) == "too-complex"
    assert reason(EXTRACT, Document(b"", html=f"{'<div>' * 20}{'word ' * 250_000}")) == ""
