"""Tests of reading topics on the real broker."""

import pytest

from services.console.topic_reader import TopicReader
from tests.services.console.harness import Mail

pytestmark = pytest.mark.integration


def test_reading_stops_at_the_end_that_was_seen(mail: Mail) -> None:
    """What arrives after a person has looked was not meant."""
    reader = TopicReader(mail.kafka)
    mail.post(*((mail.said(), b"k", b"%d" % number, ()) for number in range(5)))
    ends = reader.ends(mail.dead)
    mail.post((mail.said(), b"k", b"late", ()))
    assert ends == {0: 5}
    assert reader.starts(mail.dead) == {0: 0}
    assert [one.offset for one in reader.records(mail.dead, ends)] == [0, 1, 2, 3, 4]
    assert [one.offset for one in reader.records(mail.dead, ends, {0: 3})] == [3, 4]
    assert list(reader.records(mail.dead, ends, {0: 5})) == []


def test_an_empty_topic_has_no_records(mail: Mail) -> None:
    """Nothing to read is no reason to wait."""
    reader = TopicReader(mail.kafka)
    assert reader.ends(mail.dead) == {}
    assert list(reader.read(mail.dead)) == []


def test_several_partitions_are_all_read(mail: Mail) -> None:
    """A topic that somebody gave more partitions is read whole."""
    reader = TopicReader(mail.kafka)
    mail.scatter(40)
    found = [(one.partition, one.offset) for one in reader.read(mail.topic)]
    assert len(found) == 40
    assert len({partition for partition, _ in found}) == 4
