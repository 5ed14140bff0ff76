"""A record on its way to Kafka."""

import pytest

from shared.io.record import OutgoingRecord


@pytest.mark.parametrize(
    ("record", "size"),
    [
        (OutgoingRecord("topic", None, None), 0),
        (OutgoingRecord("topic", b"key", b"value"), 8),
        (OutgoingRecord("topic", b"", "值".encode(), (("ce_id", b"12"), ("none", None))), 3 + 7 + 4),
    ],
)
def test_a_record_weighs_its_parts(record: OutgoingRecord, size: int) -> None:
    """Key, value, and names and values of headers count; what is missing weighs nothing."""
    assert record.size_bytes == size
