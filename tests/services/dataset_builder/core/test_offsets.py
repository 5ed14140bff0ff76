"""Tests of the contiguity rule, as a table."""

import pytest

from services.dataset_builder.core.offsets import OffsetGap, Overtaken, advanced, place_name, require_contiguous
from shared.stream.record import OffsetRange, TopicPartition


def covered(partition: int, first: int, last: int) -> OffsetRange:
    """Give a range of topic `t`."""
    return OffsetRange("t", partition, first, last)


NEXT = {"t/0": 100, "t/1": 50}


@pytest.mark.parametrize(
    "ranges",
    [
        [covered(0, 100, 120)],
        [covered(0, 100, 120), covered(1, 50, 50)],
        [covered(7, 1000, 1001)],
        [],
    ],
    ids=["one", "two", "unknown", "none"],
)
def test_a_batch_that_goes_on_where_the_dataset_ends_is_committed(ranges: list[OffsetRange]) -> None:
    """In every partition that it covers; one that the dataset knows nothing of begins anywhere."""
    require_contiguous(ranges, NEXT)


@pytest.mark.parametrize(
    "ranges",
    [
        [covered(0, 0, 99)],
        [covered(0, 90, 120)],
        [covered(0, 100, 120), covered(1, 49, 60)],
        [covered(0, 101, 120), covered(1, 49, 60)],
    ],
    ids=["all of it", "a part", "another partition", "a gap beside it"],
)
@pytest.mark.parametrize("gaps", ["", "t"])
def test_a_batch_that_another_has_committed_is_dropped(ranges: list[OffsetRange], gaps: str) -> None:
    """Whole, even where it goes further, for the rest comes again."""
    with pytest.raises(Overtaken, match="committed by another builder: t/"):
        require_contiguous(ranges, NEXT, {gaps})


def test_a_gap_needs_a_person_and_passes_with_one() -> None:
    """The message says from where to where; one who has spoken for another topic has not spoken for this one."""
    for gaps in ((), {"u"}):
        with pytest.raises(OffsetGap, match="t/0 from offset 101, where the dataset goes on at 100"):
            require_contiguous([covered(0, 101, 120)], NEXT, gaps)
    require_contiguous([covered(0, 101, 120)], NEXT, {"t"})


def test_offsets_move_on_by_what_was_covered() -> None:
    """Other partitions stay where they are."""
    assert advanced(NEXT, [covered(0, 100, 120), covered(2, 5, 5)]) == {"t/0": 121, "t/1": 50, "t/2": 6}
    assert place_name(TopicPartition("documents-augmented", 3)) == "documents-augmented/3"
