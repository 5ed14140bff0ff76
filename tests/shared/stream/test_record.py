"""Records and the ranges they form."""

from shared.stream.record import OffsetRange, TopicPartition, next_offsets, ranges_of
from tests.shared.stream.builders import record


def test_ranges_cover_each_partition_from_first_to_last() -> None:
    """A batch over two partitions, with a gap, has one range a partition."""
    batch = [record(7, partition=1), record(3), record(4), record(9)]

    assert [(one.partition, one.first, one.last) for one in ranges_of(batch)] == [(0, 3, 9), (1, 7, 7)]


def test_the_offset_to_commit_is_one_past_the_last() -> None:
    """Kafka's committed offset is the next one to read."""
    assert next_offsets([OffsetRange("t", 2, 5, 9)]) == {TopicPartition("t", 2): 10}


def test_a_range_holds_its_ends_and_nothing_of_another_partition() -> None:
    """Both ends belong to a range."""
    [covered] = ranges_of([record(3), record(5)])

    assert [covered.holds(record(number)) for number in (2, 3, 5, 6)] == [False, True, True, False]
    assert not covered.holds(record(4, partition=1))
