"""Tests of the rules that every topic keeps."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.contracts.message import Message
from shared.contracts.topics import DEAD_LETTER_LIMIT_BYTES, RECORD_LIMIT_BYTES, TOPICS, Topic, topic_named

EXAMPLES = Path(__file__).parents[2] / "contracts" / "examples"
SERVICES = {"spiders", "cleaner", "augmenter", "dataset_builder", "trainer", "gateway", "curator", "console"}
NAME = re.compile(r"[a-z]+s-[a-z]+|usage-[a-z]+|feedback-[a-z]+")
"""`<plural>-<state>`, hyphens alone; usage and feedback are uncountable."""

each_topic = pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)


class Letter(Message, frozen=True, kw_only=True):
    """A message with two fields."""

    number: int
    words: str = ""


LETTERS = Topic(
    name="letters-sent",
    message=Letter,
    key="number",
    description="Letters.",
    producers=("console",),
    consumers=("console",),
    version=3,
)


def test_names_what_follows_from_its_name() -> None:
    """Dead letters, CloudEvents type and schema are never spelled twice."""
    assert LETTERS.dead_letters == "letters-sent-dlq"
    assert LETTERS.type == "millrace.letters.sent"
    assert LETTERS.dataschema == "millrace:letters-sent/v3"
    assert LETTERS.key_of(Letter(number=7)) == "7"


@each_topic
def test_is_named_for_a_plural_and_its_state(topic: Topic[Any]) -> None:
    """One pattern, so that a topic is found where it is looked for; Kafka's metrics clash on `.` and `_`."""
    assert NAME.fullmatch(topic.name)
    assert len(topic.dead_letters) <= 249


def test_no_two_topics_share_a_name_or_a_message() -> None:
    """A topic's name is the path to all about it, and a message says which topic it belongs to."""
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)
    assert len({topic.message for topic in TOPICS}) == len(TOPICS)


@each_topic
def test_is_keyed_by_a_required_text(topic: Topic[Any]) -> None:
    """A key that may be absent would put its records in any order."""
    fields = {field.name: field for field in msgspec.structs.fields(topic.message)}
    assert fields[topic.key].type is str
    assert fields[topic.key].required


@each_topic
def test_is_written_and_read_by_services_that_are_known(topic: Topic[Any]) -> None:
    """A topic that nobody writes or reads is a mistake, as is a service that isn't there."""
    assert topic.producers
    assert topic.consumers
    assert {*topic.producers, *topic.consumers} <= SERVICES


@each_topic
def test_is_kept_for_ever_or_for_a_week_at_least(topic: Topic[Any]) -> None:
    """A service that was down over a long week-end finds all its work."""
    assert topic.retention is None or topic.retention >= timedelta(days=7)


@each_topic
def test_says_what_it_carries(topic: Topic[Any]) -> None:
    """One sentence, for whoever lists the topics."""
    assert topic.description.endswith(".")
    assert topic.version >= 1


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.json")), ids=lambda path: path.parent.parent.name)
def test_an_example_fits_a_record(path: Path) -> None:
    """Kafka's usual limit is 1 MiB, and dead letters need room for what is said of them."""
    assert path.stat().st_size < RECORD_LIMIT_BYTES == 1024 * 1024 < DEAD_LETTER_LIMIT_BYTES


def test_is_found_by_name() -> None:
    """A name that isn't declared is an error, never a new topic."""
    assert topic_named("documents-raw") is TOPICS[0]
    with pytest.raises(KeyError):
        topic_named("documents_raw")
