"""Whether a batch goes on where the dataset ends: the rule by which no row is written twice, whoever wakes up late."""

from collections.abc import Container, Iterable, Mapping, Sequence

from shared.stream.record import OffsetRange, TopicPartition


class Overtaken(Exception):
    """Another builder has committed these records meanwhile: the batch is dropped, and nothing of it acknowledged."""


class OffsetGap(Exception):
    """Records between the dataset's end and the batch are missing: they are gone from the topic, or were skipped."""


def require_contiguous(
    ranges: Sequence[OffsetRange], next_offsets: Mapping[str, int], gaps: Container[str] = ()
) -> None:
    """Raise unless each of `ranges` begins at its partition's next offset; one that is not known begins anywhere.

    In a topic of `gaps` it may begin later: a person has said that what is missing is gone. `Overtaken` goes before
    `OffsetGap`: a builder that another has overtaken knows nothing of gaps.
    """
    late = [covered for covered in ranges if covered.first < _expected(covered, next_offsets)]
    if late:
        raise Overtaken(_said("were committed by another builder", late, next_offsets))
    whole = [covered for covered in ranges if covered.topic not in gaps]
    early = [covered for covered in whole if covered.first > _expected(covered, next_offsets)]
    if early:
        raise OffsetGap(_said("do not follow what the dataset holds", early, next_offsets))


def advanced(next_offsets: Mapping[str, int], ranges: Iterable[OffsetRange]) -> dict[str, int]:
    """Give `next_offsets` once `ranges` are committed."""
    reached = {place_name(covered.topic_partition): covered.next_offset for covered in ranges}
    return dict(sorted({**next_offsets, **reached}.items()))


def place_name(place: TopicPartition) -> str:
    """Name a partition as a manifest does: `topic/partition`."""
    return f"{place.topic}/{place.partition}"


def _expected(covered: OffsetRange, next_offsets: Mapping[str, int]) -> int:
    return next_offsets.get(place_name(covered.topic_partition), covered.first)


def _said(what: str, ranges: Iterable[OffsetRange], next_offsets: Mapping[str, int]) -> str:
    places = "; ".join(
        f"{place_name(one.topic_partition)} from offset {one.first}, where the dataset goes on at "
        f"{next_offsets[place_name(one.topic_partition)]}"
        for one in ranges
    )
    return f"records {what}: {places}"
