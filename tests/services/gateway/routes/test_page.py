"""The page at `/`: in two languages, by keyboard, and with nothing from elsewhere."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from services.gateway.routes.page import FOLDER
from tests.services.gateway.world import World

PAGE = (FOLDER / "index.html").read_text("utf-8")
SCRIPT = (FOLDER / "page.js").read_text("utf-8")
STYLE = (FOLDER / "page.css").read_text("utf-8")


class Reader(HTMLParser):
    """Keeps every tag with its attributes."""

    def __init__(self) -> None:
        """Read the page."""
        super().__init__()
        self.tags: list[tuple[str, dict[str, Any]]] = []
        self.feed(PAGE)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep one."""
        self.tags.append((tag, dict(attrs)))

    def values(self, attribute: str) -> list[str]:
        """Give every value of an attribute."""
        return [attributes[attribute] for _, attributes in self.tags if attribute in attributes]


@pytest.mark.parametrize(
    ("path", "kind"), [("/", "text/html"), ("/page.js", "text/javascript"), ("/page.css", "text/css")]
)
async def test_it_is_public_and_lets_nothing_else_in(world: World, path: str, kind: str) -> None:
    """A strict policy: no script, style or connection but ours, and no frame around it."""
    async with world.client(key=None) as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, kind)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_nothing_is_inline_or_from_elsewhere() -> None:
    """What the policy would stop isn't there."""
    tags = Reader().tags
    for tag, attributes in tags:
        assert not {name for name in attributes if name.startswith("on") or name == "style"}
        if tag == "script":
            assert attributes["src"] == "/page.js"
        for name in ("href", "src", "action"):
            assert re.match(r"/|#|data:,$", attributes.get(name, "/"))
    assert not re.search(r"https?:|//[a-z]", SCRIPT + STYLE)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|Function\(", SCRIPT)


def texts() -> dict[str, dict[str, str]]:
    """Give the script's words, by language."""
    blocks = re.findall(r"^  (en|zh): \{\n(.*?)^  \}", SCRIPT, re.MULTILINE | re.DOTALL)
    return {language: dict(re.findall(r'^    (\w+): "(.+)",$', block, re.MULTILINE)) for language, block in blocks}


def test_both_languages_say_everything() -> None:
    """Every word of the page and the script, and each in its own script."""
    found = texts()
    assert set(found) == {"en", "zh"}
    assert set(found["en"]) == set(found["zh"]) >= set(Reader().values("data-text"))
    assert set(re.findall(r"TEXTS\[language\]\.(\w+)", SCRIPT)) <= set(found["en"])
    assert all(re.search("[\u4e00-\u9fff]", word) for word in found["zh"].values())
    assert not any(re.search("[\u4e00-\u9fff]", word) for word in found["en"].values())


def test_the_page_says_in_english_what_the_script_does() -> None:
    """Before the script runs."""
    shown = dict(re.findall(r'data-text="(\w+)">([^<]+)<', PAGE))
    assert shown == {name: texts()["en"][name] for name in shown}


def test_everything_can_be_named_and_reached() -> None:
    """Each field has a label, each button and link works by keyboard, and problems are announced."""
    reader = Reader()
    labelled = set(reader.values("for"))
    fields = [attributes["id"] for tag, attributes in reader.tags if tag in ("input", "select", "textarea")]
    assert set(fields) == labelled
    assert set(re.findall(r'at\("([\w-]+)"\)', SCRIPT)) <= set(reader.values("id"))
    assert {"alert", "status"} <= set(reader.values("role"))
    assert "-1" in reader.values("tabindex")
    assert not [value for value in reader.values("tabindex") if int(value) > 0]
    assert "outline: none" not in STYLE


def test_the_key_is_kept_for_the_tab_alone() -> None:
    """Not beyond it, and in no address."""
    assert "sessionStorage.setItem" in SCRIPT
    assert "localStorage" not in SCRIPT
    assert "cookie" not in SCRIPT
