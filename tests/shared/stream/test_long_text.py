"""A text travels inline up to the limit, and above it as an object."""

from hashlib import sha256

from shared.contracts.message import INLINE_LIMIT_BYTES, ClaimCheck
from shared.stream.long_text import long_text


def test_a_text_up_to_the_limit_travels_inline() -> None:
    """In bytes of UTF-8: an ideograph has three."""
    assert long_text("", "b") is None
    assert long_text("a" * INLINE_LIMIT_BYTES, "b") is None
    assert long_text("字" * (INLINE_LIMIT_BYTES // 3), "b") is None


def test_a_longer_one_is_an_object_named_by_what_it_says() -> None:
    """So the same text is stored once, and who reads it can tell whether it is whole."""
    text = "字" * (INLINE_LIMIT_BYTES // 3 + 1)
    data = text.encode()
    digest = sha256(data).hexdigest()

    found = long_text(text, "b")

    assert found is not None
    assert (found.stored.key, found.stored.data) == (f"texts/{digest}", data)
    assert found.claim == ClaimCheck(bucket="b", key=f"texts/{digest}", offset=0, length=len(data), sha256=digest)
    assert found == long_text(text, "b")
