"""What a topic takes, and what is refused before it is sent."""

import random

import pytest

from shared.io.producer import RecordRefused, RecordTooLarge, TopicMissing
from shared.io.record import OutgoingRecord
from shared.io.topic_rules import TopicRules, kafka_headers
from tests.shared.io.conftest import Broker

LIMIT = 10_000
NOISE = random.Random(1).randbytes(2 * LIMIT)
ANY = TopicRules(LIMIT)
COMPACTED = TopicRules(LIMIT, needs_key=True)


def record(key: bytes | None, value: bytes | None, headers: int = 0) -> OutgoingRecord:
    """Return a record with that many headers of no value."""
    return OutgoingRecord("topic", key, value, tuple((f"header-{number}", None) for number in range(headers)))


@pytest.mark.parametrize(
    ("rules", "given", "kind"),
    [
        (ANY, record(b"key", b"value"), None),
        (ANY, record(None, b"value"), None),
        (ANY, record(b"key", None), None),
        (ANY, record(None, None), RecordRefused),
        (COMPACTED, record(b"key", None), None),
        (COMPACTED, record(b"", b"value"), None),
        (COMPACTED, record(None, b"value"), RecordRefused),
        (ANY, record(b"key", NOISE[: LIMIT - 200]), None),
        (ANY, record(b"key", NOISE[:LIMIT]), RecordTooLarge),
        (ANY, record(NOISE, b""), RecordTooLarge),
        (ANY, record(b"key", b"x" * 10 * LIMIT), None),  # small once it is compressed, and that is what the broker sees
        (ANY, record(b"key", b"value", headers=5_000), None),
    ],
)
def test_a_record_is_refused_for_a_reason(
    rules: TopicRules, given: OutgoingRecord, kind: type[Exception] | None
) -> None:
    """Only what the broker would refuse is refused: by compressed size, and by a key that is missing."""
    refusal = rules.refusal(given)

    assert type(refusal) is kind if kind else refusal is None


def test_a_header_without_a_value_becomes_empty() -> None:
    """kafka-python knows no other."""
    assert kafka_headers(record(b"", b"", headers=1)) == [("header-0", b"")]


@pytest.mark.integration
def test_rules_are_the_brokers(broker: Broker) -> None:
    """Limit and policy are read from each topic, its own or the broker's default."""
    small, compacted = broker.topic(max_message_bytes="12345"), broker.topic(cleanup_policy="compact")

    with broker.admin() as admin:
        rules = TopicRules.read(admin, [small, compacted])
    assert rules[small] == TopicRules(12_345)
    assert rules[compacted].needs_key


@pytest.mark.integration
def test_every_missing_topic_is_named(broker: Broker) -> None:
    """One run of the job mends them all."""
    with broker.admin() as admin, pytest.raises(TopicMissing, match="topic missing-1, missing-2;"):
        TopicRules.read(admin, [broker.topic(), "missing-2", "missing-1"])
