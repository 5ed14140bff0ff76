"""Tests of what Kafka's errors mean."""

import pytest
from kafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    NodeNotReadyError,
    SaslAuthenticationFailedError,
    TopicAuthorizationFailedError,
)

from shared.io.kafka_errors import kafka_errors
from shared.io.outage import Misconfigured, Outage
from shared.settings import KafkaSettings


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (KafkaTimeoutError("bootstrap"), Outage, "away:9092 does not answer"),
        (KafkaTimeoutError(), Outage, "away:9092 does not answer"),
        (NodeNotReadyError("1"), Outage, "away:9092"),
        (TopicAuthorizationFailedError("documents-raw"), Misconfigured, "Give our principal the right"),
        (SaslAuthenticationFailedError("no"), Misconfigured, "does not let us"),
    ],
)
def test_an_error_of_kafka_is_an_outage_or_needs_a_person(error: KafkaError, kind: type[Exception], said: str) -> None:
    """And the message says which Kafka it was."""
    with pytest.raises(kind, match=said), kafka_errors(KafkaSettings(bootstrap_servers="away:9092")):
        raise error
