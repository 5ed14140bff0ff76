"""Takes the main text, the title, the headings and the keywords out of a page's HTML: `no-text` where nothing is left.

resiliparse's main content, strict: no comments, no alternative texts, no post's metadata. Three things that it loses
(version 2.0.1, seen on real documentation) are mended before it sees the page:

- a text node of one three-byte character, such as the `。` behind a link, which it takes for an icon;
- what has the `hidden` attribute: documentation keeps the variants of a page in it, and shows one by a script;
- a bulleted list fewer than four levels below the body, which it takes for a menu. One that is not of links is none.

Its time grows with the text times how deep elements are nested, so a page that no person wrote is `too-complex`. A
collection of nodes is sliced before it is walked through: each step of its own iterator makes the whole of it anew.
"""

import re
from dataclasses import replace
from typing import Final

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import DOMContext, ElementNode, HTMLTree, traverse_dom

from services.cleaner.core.document import Document, Policy, Rejection, Step

MAX_CHARACTERS: Final = 16 * 1024 * 1024
MAX_TAGS: Final = 200_000
MAX_DEPTH: Final = 1_000
MAX_NESTED_CHARACTERS: Final = 500_000_000
"""The most characters of HTML times the depth of the deepest element: three seconds' work."""
_SURELY_FLAT_TAGS: Final = 3_000
MAX_HEADINGS: Final = 100
MAX_HEADING_CHARACTERS: Final = 300
MAX_KEYWORDS: Final = 100
MAX_META: Final = 500
MAX_LISTS: Final = 100
MAX_LINK_SHARE: Final = 0.5
_ENOUGH_LEVELS: Final = 3
# Icon fonts use the private area, U+E000 to U+F8FF, which is left out. The word joiner makes the character two;
# `normalise` takes it away again.
_LONE_CHARACTER: Final = re.compile(">(\\s*)([\u0800-\ud7ff\uf900-\uffef])(?=\\s*<)")
_WORD_JOINER: Final = "\u2060"
_BETWEEN_KEYWORDS: Final = re.compile("[,;\uff0c\uff1b\u3001]")


def extract(document: Document, policy: Policy) -> Document | Rejection:
    """Fill `text`, `title` (the page's first heading where it has none), `headings` (h1 to h3 of the text), `keywords`.

    A title, heading or keyword of more than `MAX_HEADING_CHARACTERS` is none.
    """
    del policy  # the same for every source
    tags, characters = document.html.count("<"), len(document.html)
    if tags > MAX_TAGS or characters > MAX_CHARACTERS:
        return Rejection("too-complex", f"{tags} tags in {characters} characters of HTML")
    tree = HTMLTree.parse(_LONE_CHARACTER.sub(f">\\1{_WORD_JOINER}\\2", document.html))
    if tags > _SURELY_FLAT_TAGS or tags * characters > MAX_NESTED_CHARACTERS:
        depth = _depth(tree)
        if depth > MAX_DEPTH or depth * characters > MAX_NESTED_CHARACTERS:
            return Rejection("too-complex", f"elements within {depth} others in {characters} characters of HTML")
    headings = {name: _headings(tree, name) for name in ("h1", "h2", "h3")}
    title = next(iter((*_lines(tree.title), *headings["h1"])), "")
    keywords = dict.fromkeys(_keywords(tree))
    _mend(tree)
    text = extract_plain_text(tree, main_content=True, alt_texts=False, comments=False, post_meta=False)
    if not text.strip():
        return Rejection("no-text", f"{characters} characters of HTML")
    known = {heading for found in headings.values() for heading in found}
    lines = dict.fromkeys(line for line in map(_line, text.split("\n")) if line in known)
    return replace(document, text=text, title=title, headings=tuple(lines), keywords=tuple(keywords)[:MAX_KEYWORDS])


def _depth(tree: HTMLTree) -> int:
    """Give how many elements the deepest one is in."""
    deepest = 0

    def note(context: DOMContext) -> None:
        nonlocal deepest
        deepest = max(deepest, context.depth)

    if tree.body is not None:
        traverse_dom(tree.body, note, elements_only=True)
    return deepest


def _headings(tree: HTMLTree, name: str) -> list[str]:
    found = [] if tree.document is None else tree.document.get_elements_by_tag_name(name)[:MAX_HEADINGS]
    return _lines(*(node.text for node in found))


def _keywords(tree: HTMLTree) -> list[str]:
    """Give what the page says that it is about, by HTML's keywords and schema.org's.

    HTML's are a list with commas, or what pages use for them. schema.org's are such a list too, or the property comes
    several times, and each is one: an index has entries with commas in them.
    https://html.spec.whatwg.org/#meta-keywords and https://schema.org/keywords.
    """
    found = [] if tree.document is None else tree.document.get_elements_by_tag_name("meta")[:MAX_META]
    lists, entries = (
        [node.getattr("content") or "" for node in found if (node.getattr(by) or "").strip().lower() == "keywords"]
        for by in ("name", "itemprop")
    )
    if len(entries) == 1:
        lists, entries = lists + entries, []
    return _lines(*(keyword for listed in lists for keyword in _BETWEEN_KEYWORDS.split(listed)), *entries)


def _mend(tree: HTMLTree) -> None:
    if tree.document is None:
        return
    for node in tree.document.query_selector_all("[hidden]")[:]:
        _reveal(tree, node)
    for node in tree.document.get_elements_by_tag_name("ul")[:MAX_LISTS]:
        if not _is_menu(node):
            _wrap(tree, node)


def _reveal(tree: HTMLTree, node: ElementNode) -> None:
    node.remove_attribute("hidden")
    following, space = node.next_sibling, tree.create_text_node(" ")
    if space is not None and isinstance(following, ElementNode) and following.has_attribute("hidden"):
        # Another variant of the same words: it would grow together with this one.
        node.after(space)


def _is_menu(node: ElementNode) -> bool:
    """Say whether a list is mostly links."""
    links = sum(len(_line(link.text or "")) for link in node.get_elements_by_tag_name("a")[:])
    return links > MAX_LINK_SHARE * len(_line(node.text or ""))


def _wrap(tree: HTMLTree, node: ElementNode) -> None:
    for _ in range(_ENOUGH_LEVELS):
        around = tree.create_element("div")
        if around is not None:
            node.replace_with(around)
            around.append_child(node)


def _lines(*texts: str | None) -> list[str]:
    return [line for line in (_line(text or "") for text in texts) if 0 < len(line) <= MAX_HEADING_CHARACTERS]


def _line(text: str) -> str:
    return " ".join(text.split())


EXTRACT: Final = Step("extract", 3, extract)
