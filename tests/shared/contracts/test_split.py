"""Tests of the one place that names a split; literal ones, for moving a group would leak what a model has seen."""

from collections import Counter

import pytest

from shared.contracts.split import Split, split_of


@pytest.mark.parametrize(
    ("group_id", "split"),
    [
        ("swriter/guide/auto_off", Split.TRAIN),
        ("例/一", Split.TEST),
        ("a", Split.TRAIN),
        ("g", Split.VALIDATION),
        ("2", Split.VALIDATION),
        ("scalc/01/func_sum", Split.TEST),
    ],
)
def test_keeps_each_group_in_its_split_for_ever(group_id: str, split: Split) -> None:
    """Never change a literal here: models were trained by these."""
    assert split_of(group_id) is split


@pytest.mark.parametrize(("split", "share"), [(Split.TRAIN, 0.8), (Split.VALIDATION, 0.1), (Split.TEST, 0.1)])
def test_shares_are_eight_one_and_one_in_ten(split: Split, share: float) -> None:
    """Over 10,000 groups each is within one point, 2.5 standard deviations or more, of what it should be."""
    found = Counter(split_of(f"group-{number}") for number in range(10_000))
    assert found[split] / 10_000 == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("hint", list(Split))
def test_takes_the_publishers_split(hint: Split) -> None:
    """A published data set's own split stands, so that its figures compare."""
    assert split_of("scalc/01/func_sum", hint) is hint


def test_refuses_a_document_without_a_group() -> None:
    """All unstamped documents would else share one split, and their near twins leak."""
    with pytest.raises(ValueError, match="group_id"):
        split_of("", Split.TRAIN)
