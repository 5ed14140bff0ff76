"""Tests of dead letters of services that take records one by one."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from infra.local.servers import Endpoints
from shared.contracts.envelope import Origin
from shared.contracts.failures import REPLAYED_HEADER, from_headers
from shared.settings import KafkaSettings
from shared.stream.burial import bury
from tests.services.curator.kafka_topics import create, read, topics

AT = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.integration
def test_a_letter_is_the_record_as_it_came_and_what_is_said_of_it(servers: Endpoints) -> None:
    """Its bytes and headers are untouched; a replayed one says which attempt it was."""
    (topic,) = topics(servers.kafka_bootstrap, "burial")
    create(servers.kafka_bootstrap, [f"{topic}-dlq"])
    record = SimpleNamespace(
        topic=topic, partition=0, offset=7, key=b"k", value=b"\xff", headers=[("own", b"1"), (REPLAYED_HEADER, b"2")]
    )
    letter = bury(KafkaSettings(bootstrap_servers=servers.kafka_bootstrap), record, KeyError("a"), "probe", AT)
    ((value, headers),) = read(servers.kafka_bootstrap, f"{topic}-dlq")
    assert (value, headers[:2]) == (b"\xff", (("own", b"1"), (REPLAYED_HEADER, b"2")))
    assert from_headers(headers) == letter
    assert (letter.error, letter.detail, letter.origin, letter.attempt) == ("KeyError", "'a'", Origin(topic, 0, 7), 3)


@pytest.mark.integration
def test_a_record_of_nothing_at_all_has_a_letter_too(servers: Endpoints) -> None:
    """Kafka keeps records with neither key nor value, which no client sends: the letter's key is empty."""
    (topic,) = topics(servers.kafka_bootstrap, "burial")
    create(servers.kafka_bootstrap, [f"{topic}-dlq"])
    record = SimpleNamespace(topic=topic, partition=0, offset=7, key=None, value=None, headers=[])
    letter = bury(KafkaSettings(bootstrap_servers=servers.kafka_bootstrap), record, KeyError("a"), "probe", AT)
    ((value, headers),) = read(servers.kafka_bootstrap, f"{topic}-dlq")
    assert (value, from_headers(headers)) == (None, letter)
