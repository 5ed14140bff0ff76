"""Finds the charset that a page's bytes are really in, whatever is said of them. Pure."""

import codecs
import re
from typing import Final, NamedTuple

from resiliparse.parse.encoding import map_encoding_to_html5

PRESCAN_BYTES: Final = 1024
"""How far a `<meta>` with a charset is looked for: https://html.spec.whatwg.org/multipage/parsing.html."""

_IN_HEADER: Final = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:+-]{1,40})", re.ASCII | re.IGNORECASE)
_IN_META: Final = re.compile(rb"<meta\b[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w.:+-]{1,40})", re.IGNORECASE)
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16's, which it begins with
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# GB 2312's own rows: punctuation and letters, then ideographs; both bytes are high.
_GB2312_PAIR: Final = re.compile(rb"[\xa1-\xa9\xb0-\xf7][\xa1-\xfe]")
_ASCII_BYTES: Final = bytes(range(0x80))
_GB_SHARE: Final = 0.9
_LOST_SHARE: Final = 0.1
_WESTERN: Final = frozenset({"cp1252", "iso8859-1", "iso8859-15"})
_SEVEN_BIT: Final = frozenset({"iso2022_jp"})


class Decoded(NamedTuple):
    """The text of a page, and how many of its characters could not be read."""

    text: str
    replaced: int


def decoded(content: bytes, content_type: str) -> Decoded:
    """Decode `content`: by its BOM, as UTF-8 if it is that, else as what it is declared to be unless that is a lie.

    What no charset explains is read with replacements: as UTF-8, else as whichever of the others loses least, or as
    Windows-1252 where each loses too much. Bytes that were cut within a character are no sign of another charset.
    """
    for bom, name in _BOMS:
        if content.startswith(bom):
            return _replacing(content[len(bom) :], name)
    names = _candidates(content, _declared(content, content_type))
    for name in names:
        try:
            return Decoded(content.decode(name), 0)
        except UnicodeError:
            continue
    return _least_lost(content, [name for name in names if name != "utf-8"])


def _least_lost(content: bytes, others: list[str]) -> Decoded:
    """Decode as UTF-8 or one of `others`, with replacements."""
    most = _LOST_SHARE * _high_bytes(content)
    best = _replacing(content, "utf-8")
    # First, for little of another charset looks like UTF-8, while UTF-8 looks much like GBK.
    if best.replaced > most:
        best = min((_replacing(content, name) for name in others), key=lambda one: one.replaced, default=best)
    return best if best.replaced <= most else _replacing(content, "cp1252")


def has_wide_bom(content: bytes) -> bool:
    """Say whether `content` begins with the BOM of UTF-16 or UTF-32, so that zeros in it are no sign of a binary."""
    return any(content.startswith(bom) for bom, name in _BOMS if name != "utf-8")


def _candidates(content: bytes, declared: str) -> list[str]:
    """List charsets to try strictly, in order.

    Bytes of another charset are hardly ever valid UTF-8, so that one needs no declaration. Western charsets accept
    everything, so bytes that look like Chinese are not tried as those: servers declare Latin-1 by default.
    """
    chinese = ["gb18030"] if _looks_chinese(content) else []
    if declared in _SEVEN_BIT:
        return [declared, "utf-8"]
    if not declared:
        return ["utf-8", *chinese]
    return ["utf-8", *(chinese or [declared])] if declared in _WESTERN else ["utf-8", declared, *chinese]


def _declared(content: bytes, content_type: str) -> str:
    """Name Python's codec for the charset that the HTTP header says, else a `<meta>`; empty for none or a wrong one."""
    in_header = _IN_HEADER.search(content_type)
    in_meta = _IN_META.search(content[:PRESCAN_BYTES]) if in_header is None else None
    label = in_header[1] if in_header else in_meta[1].decode("ascii", "replace") if in_meta else ""
    name = map_encoding_to_html5(label, fallback_utf8=False) if label else None
    if name is None or name.startswith("utf-16"):
        return ""
    if name.lower() in ("gbk", "gb2312", "gb18030"):
        return "gb18030"
    if name.lower() == "big5":
        # As in https://encoding.spec.whatwg.org/#big5; Python's own lacks everyday characters.
        return "big5hkscs"
    try:
        return codecs.lookup(name).name
    except LookupError:
        return ""


def _looks_chinese(content: bytes) -> bool:
    """Say whether nearly all high bytes come in GB 2312's pairs; in Western text they come alone."""
    high = _high_bytes(content)
    return high > 0 and 2 * len(_GB2312_PAIR.findall(content)) >= _GB_SHARE * high


def _high_bytes(content: bytes) -> int:
    return len(content.translate(None, _ASCII_BYTES))


def _replacing(content: bytes, name: str) -> Decoded:
    text = content.decode(name, "replace")
    return Decoded(text, text.count("\ufffd"))
