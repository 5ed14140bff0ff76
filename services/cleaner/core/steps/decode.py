"""Makes text of a page's bytes: `empty`, `binary` and `undecodable` ones are turned away."""

from dataclasses import replace
from typing import Final

from services.cleaner.core.charset import decoded, has_wide_bom
from services.cleaner.core.document import Document, Policy, Rejection, Step
from services.cleaner.core.mojibake import repair

# https://mimesniff.spec.whatwg.org: what a file of another kind begins with.
_MAGIC: Final = {
    b"%PDF-": "PDF",
    b"%!PS": "PostScript",
    b"PK\x03\x04": "ZIP",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"RIFF": "RIFF",
    b"\x1f\x8b": "gzip",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!": "RAR",
    b"\x7fELF": "ELF",
    b"\xd0\xcf\x11\xe0": "OLE",
    b"OggS": "Ogg",
    b"ID3": "MP3",
    b"wOF": "WOFF",
}
# The bytes that the MIME Sniffing standard (§3) calls binary data.
_BINARY_BYTES: Final = bytes((*range(0x09), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)))
MAX_BINARY_SHARE: Final = 0.01
MAX_REPLACED_SHARE: Final = 0.05


def decode(document: Document, policy: Policy) -> Document | Rejection:
    """Fill `html`; scores how many characters could not be read (`decode-replaced`)."""
    del policy  # the same for every source
    content = document.content
    if not content.strip():
        return Rejection("empty", f"{len(content)} bytes, none but space")
    if found := _binary(content):
        return Rejection("binary", found)
    html, replaced = decoded(content, document.content_type)
    if replaced > MAX_REPLACED_SHARE * len(html):
        return Rejection("undecodable", f"{replaced} of {len(html)} characters")
    return replace(document, html=repair(html)).scored(decode_replaced=replaced)


def _binary(content: bytes) -> str:
    """Say why `content` is no text; empty for text."""
    for magic, kind in _MAGIC.items():
        if content.startswith(magic):
            return f"it begins as {kind}"
    if has_wide_bom(content):
        return ""
    count = len(content) - len(content.translate(None, _BINARY_BYTES))
    return f"{count} of {len(content)} bytes are no text" if count > MAX_BINARY_SHARE * len(content) else ""


DECODE: Final = Step("decode", 2, decode)
