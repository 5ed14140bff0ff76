"""Tests of what a receipt says is left."""

from datetime import timedelta

from services.curator.core.remains import left_in_kafka
from shared.contracts.receipts import Remainder
from tests.services.curator.builders import NOW


def test_a_topics_records_are_there_until_its_retention_is_over() -> None:
    """Counted from the newest one; dead letters stay until a person acts."""
    counts = {"documents-raw": 2, "documents-rejected": 1, "documents-raw-dlq": 3, "feedback-received": 1}
    traces = [(topic, count, NOW) for topic, count in counts.items()]
    assert list(left_in_kafka(traces)) == [
        Remainder("documents-raw", "2 of its records", NOW + timedelta(days=7)),
        Remainder("documents-rejected", "1 of its records", NOW + timedelta(days=30)),
        Remainder("documents-raw-dlq", "3 of its records, for no timer removes them"),
        Remainder("feedback-received", "1 of its records, for no timer removes them"),
    ]
