"""Tests of finding what Kafka still holds of a document, on a real broker."""

from datetime import UTC, datetime, timedelta

import pytest

from infra.local.servers import Endpoints
from services.curator.traces import DOCUMENT_TOPICS, WORD_TOPICS, Traces
from shared.contracts.identity import document_id, feedback_document_id
from shared.settings import KafkaSettings
from tests.services.curator.builders import url
from tests.services.curator.kafka_topics import publish, topics

GONE = document_id(url("gone"))


def test_every_topic_that_holds_documents_is_read() -> None:
    """Their dead letters too, which hold the same bytes; and those of what customers say."""
    twins = ("feedback-received", "predictions-recorded")
    assert set(WORD_TOPICS) == {f"{name}{twin}" for name in twins for twin in ("", "-dlq")}
    assert set(DOCUMENT_TOPICS) == {
        f"documents-{state}{twin}" for state in ("raw", "clean", "rejected", "augmented") for twin in ("", "-dlq")
    }


@pytest.mark.integration
def test_the_documents_records_are_counted_and_their_texts_named(servers: Endpoints) -> None:
    """In whichever partition; what can't be read is counted all the same."""
    bootstrap = servers.kafka_bootstrap
    clean, dead = topics(bootstrap, "clean", "dead", partitions=3)
    pointing = b'{"document_id":"x","body":{"bucket":"b","key":"texts/abc","offset":0,"length":1,"sha256":"0"}}'
    pack = pointing.replace(b"texts/abc", b"raw/help/1")
    key = GONE.encode()
    others = [(clean, f"other-{number}".encode(), pointing, ()) for number in range(20)]
    publish(bootstrap, [*others, (clean, key, pointing, ()), (clean, key, pack, ()), (dead, key, b"\xff", ())])
    traces = Traces(KafkaSettings(bootstrap_servers=bootstrap), [clean, dead, "no-such-topic"], [])
    found = {trace.topic: trace for trace in traces.of(GONE)}
    assert found.keys() == {clean, dead}
    assert (found[clean].records, found[clean].texts) == (2, {"texts/abc"})
    assert (found[dead].records, found[dead].texts) == (1, set())
    assert datetime.now(UTC) - found[clean].newest < timedelta(minutes=2)
    assert traces.records == 23
    assert traces.of(document_id(url("unknown"))) == []


@pytest.mark.integration
def test_a_customers_words_are_found_by_what_they_say(servers: Endpoints) -> None:
    """Their key is the request's id; the answer to them may hold the text too."""
    bootstrap = servers.kafka_bootstrap
    words, answers = topics(bootstrap, "words", "answers", partitions=2)
    said = b'{"customer":"acme","input_hash":"00","task":"router","text":"x","request_id":"r"}'
    answer = said.replace(b"task", b"model")
    other = said.replace(b"acme", b"another")
    records = [(words, b"r", value, ()) for value in (said, other, b"\xff", said)]
    publish(bootstrap, [*records, (answers, b"r", answer, ())])
    traces = Traces(KafkaSettings(bootstrap_servers=bootstrap), [], [words, answers])
    found = traces.of(feedback_document_id("router", "acme", "00"))
    assert {trace.topic: trace.records for trace in found} == {words: 2, answers: 1}
    assert traces.records == 5


@pytest.mark.integration
def test_empty_topics_hold_nothing(servers: Endpoints) -> None:
    """As on the first day, or after a week without a crawl."""
    names = topics(servers.kafka_bootstrap, "empty")
    assert Traces(KafkaSettings(bootstrap_servers=servers.kafka_bootstrap), names, []).of(GONE) == []
