"""Shows bytes that nobody vouches for: nothing in them can move the cursor, reorder a line or flood the screen."""

import unicodedata
from typing import Final

import msgspec

# Control, format (bidirectional overrides, zero width), surrogate, private use, unassigned; line and paragraph ends.
_UNSAFE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LINE_CHARACTERS: Final = 200
_HEX_WIDTH: Final = 16
_PRINTABLE: Final = range(0x20, 0x7F)
NO_VALUE: Final = "(none)"


def safe_line(text: str, limit_characters: int = _LINE_CHARACTERS) -> str:
    """Give `text` as one harmless line: what is not plainly visible is written as an escape."""
    shown = "".join(_visible(character) for character in text[:limit_characters])
    left = len(text) - limit_characters
    return f"{shown}… ({left:,} more characters)" if left > 0 else shown


def safe_bytes(data: bytes | None, limit_characters: int = _LINE_CHARACTERS) -> str:
    """Give `data` as one harmless line: text where it is UTF-8, otherwise hex digits."""
    if data is None:
        return NO_VALUE
    text = _text(data)
    return safe_line(f"0x{data.hex()}" if text is None else text, limit_characters)


def safe_payload(data: bytes, limit: int) -> str:
    """Give `data` for a person to read: indented where it is JSON, lines where it is text, otherwise a hex dump.

    `limit` is in characters of text, or in bytes that are dumped.
    """
    text = _text(_indented(data))
    if text is None:
        left, what, shown = len(data) - limit, "bytes", _hex_dump(data[:limit])
    else:
        left, what, shown = len(text) - limit, "characters", _visible_lines(text[:limit])
    return f"{shown}\n… ({left:,} more {what})" if left > 0 else shown


def _indented(data: bytes) -> bytes:
    # Formatting keeps numbers and repeated names as they are, which decoding and encoding again would not.
    try:
        return msgspec.json.format(data, indent=2)
    except (msgspec.DecodeError, RecursionError):
        return data


def _text(data: bytes) -> str | None:
    """Decode `data`, or give None where it is binary: not UTF-8, or with a zero byte."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _visible_lines(text: str) -> str:
    return "".join(character if character in "\n\t" else _visible(character) for character in text)


def _visible(character: str) -> str:
    if unicodedata.category(character) not in _UNSAFE_CATEGORIES:
        return character
    return character.encode("unicode_escape").decode()


def _hex_dump(data: bytes) -> str:
    return "\n".join(_hex_line(start, data[start : start + _HEX_WIDTH]) for start in range(0, len(data), _HEX_WIDTH))


def _hex_line(offset: int, chunk: bytes) -> str:
    text = "".join(chr(byte) if byte in _PRINTABLE else "." for byte in chunk)
    return f"{offset:08x}  {chunk.hex(' '):<{_HEX_WIDTH * 3 - 1}}  |{text}|"
