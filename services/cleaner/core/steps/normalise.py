"""Writes a text in one form, so that what looks the same is the same: Unicode NFC, one kind of space and line end.

Of marks without end on one letter, which nobody can read, the first hundred stay.

Full-width punctuation, curly quotes and brackets stay: in Chinese they are the right ones.
"""

import re
import unicodedata
from dataclasses import replace
from typing import Final

from services.cleaner.core.document import Document, Policy, Rejection, Step
from shared.text.marks import without_endless_marks

_LINE_END: Final = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SPACE: Final = re.compile("[\t\u00a0\u1680\u2000-\u200a\u202f\u205f]")
# Control characters, byte order marks and joiners, marks of direction, soft hyphens, lone surrogates. A zero-width
# joiner behind an emoji makes one of several.
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufff9-\ufffb]"
    "|(?<![\U0001f000-\U0001faff\u2640-\u27bf\ufe0f])\u200d"
)
_INNER_SPACES: Final = re.compile(r"(?<=\S)[ \u3000]{2,}(?=\S)")
_BLANK_LINES: Final = re.compile("\n{3,}")
_INDENT: Final = re.compile(r"^\s*\n")


def normalise(document: Document, policy: Policy) -> Document | Rejection:
    """Normalise all that a page says; at most one line between two is blank, and code keeps its indentation."""
    del policy  # the same for every source
    headings, keywords = (tuple(filter(None, map(_line, said))) for said in (document.headings, document.keywords))
    text = normalised(document.text)
    if not text:
        return Rejection("no-text", "nothing that can be seen")
    return replace(document, text=text, title=_line(document.title), headings=headings, keywords=keywords)


def normalised(text: str) -> str:
    """Give `text` in its one form; doing it twice changes nothing."""
    seen = _INVISIBLE.sub("", _SPACE.sub(" ", _LINE_END.sub("\n", text)))
    # Twice, for some marks are two once they are normalised.
    composed = without_endless_marks(unicodedata.normalize("NFC", without_endless_marks(seen)))
    lines = (_INNER_SPACES.sub(" ", line.rstrip()) for line in composed.split("\n"))
    joined = _BLANK_LINES.sub("\n\n", "\n".join(lines)).rstrip()
    return _INDENT.sub("", joined)


def _line(text: str) -> str:
    return " ".join(normalised(text).split())


NORMALISE: Final = Step("normalise", 2, normalise)
