"""Tests of telling the platform, by a real broker."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from infra.local.servers import Endpoints
from services.trainer.publication import Announcer
from shared.contracts.envelope import Origin, from_headers
from shared.contracts.message import decode
from shared.contracts.releases import ModelPublished
from shared.contracts.topics import MODELS_PUBLISHED
from shared.settings import KafkaSettings
from tests.services.curator.kafka_topics import read, topics
from tests.services.trainer.orders import renamed
from tests.services.trainer.shelf import Shelf
from tests.shared.models.builders import manifest, signer

AT = datetime(2026, 11, 24, tzinfo=UTC)
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.integration
def test_told_twice_it_is_one_event(servers: Endpoints) -> None:
    """It says what serves, and which record it is for; the trace goes on."""
    (topic,) = topics(servers.kafka_bootstrap, "models")
    shelf = Shelf()
    made = shelf.models.publish(manifest(model=shelf.task, files={}), signer())
    aliases = shelf.models.promote(1, over=None, verdict="v", by="t", reason="r", at=AT)
    order = replace(shelf.an_order(shelf.commit()), origin=Origin("datasets-ready", 0, 4), traceparent=TRACE)
    kafka = KafkaSettings(bootstrap_servers=servers.kafka_bootstrap)
    announcer = Announcer(kafka, renamed(MODELS_PUBLISHED, topic), "millrace")
    for _ in range(2):
        announcer.tell(order, shelf.models, made, aliases)
    told = [
        (from_headers(headers), decode(ModelPublished, value or b""))
        for value, headers in read(servers.kafka_bootstrap, topic)
    ]
    assert len({envelope.id for envelope, _ in told}) == 1
    envelope, message = told[0]
    assert (message.version, message.alias, message.verdict) == (1, "champion", "v")
    assert envelope.origin == Origin("datasets-ready", 0, 4)
    assert envelope.traceparent is not None
    assert envelope.traceparent.split("-")[1] == TRACE.split("-")[1]
