"""Packed signatures: the low bytes, and what their likeness stands for."""

import pytest

from shared.text.packed_signature import equal_bytes_at, packed, similarity_of_packed


def test_the_low_byte_of_each_number_is_kept() -> None:
    """Numbers are little-endian, 32 bits each."""
    numbers = [number * 65_537 + 5 for number in range(128)]
    signature = b"".join(number.to_bytes(4, "little") for number in numbers)

    assert packed(signature) == bytes(number & 0xFF for number in numbers)


@pytest.mark.parametrize("size", [0, 128, 511, 513])
def test_what_is_no_signature_is_refused(size: int) -> None:
    """A document without a signature is not compared by mistake."""
    with pytest.raises(ValueError, match=f"512 bytes, not {size}"):
        packed(bytes(size))


def test_a_count_of_equal_bytes_stands_for_a_similarity() -> None:
    """The least count whose estimate reaches a threshold; all equal is 1, what chance gives is 0."""
    assert similarity_of_packed(128) == 1.0
    assert similarity_of_packed(0) == 0.0
    assert similarity_of_packed(64) == pytest.approx((64 / 128 - 1 / 256) / (1 - 1 / 256))
    for threshold in (0.0, 0.5, 0.7, 0.8, 0.95, 1.0):
        least = equal_bytes_at(threshold)
        assert similarity_of_packed(least) >= threshold
        assert least == 0 or similarity_of_packed(least - 1) < threshold
