"""A record on its way to Kafka."""

from datetime import UTC, datetime

import pytest

from shared.contracts.envelope import from_headers
from shared.contracts.erasures import ErasureRequested
from shared.contracts.message import decode
from shared.contracts.topics import ERASURES_REQUESTED
from shared.io.record import OutgoingRecord, record_of


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


def test_a_message_becomes_the_record_of_its_topic() -> None:
    """Key, payload and envelope are the topic's: whoever reads it gets the message and the envelope back."""
    request = ErasureRequested(
        erasure_id="e1",
        document_id="d1",
        deny_hash="h1",
        reason="legal",
        requested_by="op",
        at=datetime(2026, 1, 2, tzinfo=UTC),
    )
    envelope = ERASURES_REQUESTED.envelope(request, "e1", "console", request.at)
    record = record_of(ERASURES_REQUESTED, request, envelope)
    assert (record.topic, record.key) == ("erasures-requested", b"d1")
    assert decode(ErasureRequested, record.value or b"") == request
    assert from_headers(record.headers) == envelope
    assert (envelope.source, envelope.dataschema) == ("/millrace/console", "millrace:erasures-requested/v1")
