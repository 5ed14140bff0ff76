"""Undoes text that was decoded by the wrong charset before it was published. Pure.

Three mistakes: UTF-8 read as Latin-1 or Windows-1252 (`Ã©` for `é`), GBK read as Latin-1 (`ÖÐÎÄ`), UTF-8 read as GBK
(`浜哄伐`). The first is ftfy's (https://ftfy.readthedocs.io), which would also turn full-width punctuation and curly
quotes into ASCII: only its repair of encodings is asked for.
"""

import re
from typing import Final

import ftfy

# What Windows-1252 makes of the bytes 0x80 to 0xBF, behind what it makes of a first byte.
_CONTINUED: Final = re.escape(bytes(range(0x80, 0xC0)).decode("cp1252", "ignore"))
_UTF8_AS_LATIN: Final = re.compile(f"[\u00c2-\u00f4][\u0080-\u009f{_CONTINUED}]")
_GBK_AS_LATIN: Final = re.compile("[\u00a1-\u00fe]{4,}")
# How the beginnings of U+3000 to U+9FFF and U+FF00, taken for GBK, most often look.
_UTF8_AS_GBK: Final = re.compile("[锛銆鐨鏄涓浜鍦鏈绗鎴鍙鏂缁璇]")
_GATE: Final = re.compile("|".join(rule.pattern for rule in (_UTF8_AS_LATIN, _GBK_AS_LATIN, _UTF8_AS_GBK)))
_ASCII_BYTES: Final = bytes(range(0x80))
_BETWEEN_TAGS: Final = re.compile("([<>\n])")
_HAN: Final = re.compile("[\u4e00-\u9fff]")


def repair(html: str) -> str:
    """Repair each piece of `html` between tags that is mojibake; a page without any costs next to nothing."""
    # What isn't ASCII is all that can be wrong, and little of most pages.
    foreign = html.encode("utf-8", "replace").translate(None, _ASCII_BYTES).decode()
    if not _GATE.search(foreign):
        return html
    return "".join(_repaired(piece) if _GATE.search(piece) else piece for piece in _BETWEEN_TAGS.split(html))


def _repaired(piece: str) -> str:
    if _UTF8_AS_GBK.search(piece):
        return _reread(piece, "gb18030", "utf-8")
    if _UTF8_AS_LATIN.search(piece):
        fixed = ftfy.fix_encoding(piece)
        if fixed != piece:
            return fixed
    if _GBK_AS_LATIN.search(piece):
        fixed = _reread(piece, "latin-1", "gb18030")
        # In every Western language runs of accented letters are short: what makes Chinese of nearly all is Chinese.
        return fixed if len(_HAN.findall(fixed)) * 2 >= len(_GBK_AS_LATIN.findall(piece)) * 4 else piece
    return piece


def _reread(text: str, wrong: str, right: str) -> str:
    """Undo a decoding by `wrong` of what was `right`; text that this can't be true of comes back as it is."""
    try:
        return text.encode(wrong).decode(right)
    except UnicodeError:
        return text
