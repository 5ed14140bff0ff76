"""Keeps secrets out of what is written down."""

import re
from collections.abc import Mapping
from typing import Final

MASK: Final = "***"

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]
"""What JSON can say."""

_SECRET_NAME: Final = re.compile(
    r"(.*[_.-])?(password|passwd|secret|secret[_-]?key|token|api[_-]?key|authorization|credentials?|cookie|signature)",
    re.IGNORECASE,
)
# user:password@ in an address, and what a presigned S3 address is signed with.
_SECRET_TEXT: Final = re.compile(
    r"(?<=://)[^/@\s:]*:[^/@\s]+(?=@)|(?<=X-Amz-Signature=)\w+|(?<=X-Amz-Credential=)[^&\s]+"
)


def masked(value: object, name: str = "") -> Plain:
    """Give `value`, called `name`, as plain data without secrets, which names and the look of addresses tell."""
    if value is None or isinstance(value, (int, float)):
        return value
    if _SECRET_NAME.fullmatch(name):
        return MASK
    if isinstance(value, Mapping):
        return {str(key): masked(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(inner) for inner in value]
    return _SECRET_TEXT.sub(MASK, str(value))
