"""Tests of which document of a cluster is kept."""

from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.split import Split
from shared.datasets.clusters import PRECEDENCE, Member, cluster_of, kept_of

MEMBERS = st.builds(
    Member,
    document_id=st.text("0123456789abcdef", min_size=32, max_size=32),
    edition=st.text("0123456789abcdef", min_size=16, max_size=16),
    split=st.sampled_from(Split),
    place=st.integers(0, 9),
)


def test_a_clusters_first_document_is_in_it() -> None:
    """When it came, nothing was like it, so its rows name no cluster."""
    first = "0123456789abcdef" + "f" * 16
    assert cluster_of("", first) == cluster_of("0123456789abcdef", "e" * 32) == "0123456789abcdef"


def test_no_member_no_keeper() -> None:
    """An erased cluster keeps nothing."""
    assert kept_of([]) is None


def test_evaluation_goes_before_training() -> None:
    """Even where the training row came first: it would leak what judges the model."""
    train, validation, test = (
        Member("a", "1", Split.TRAIN, 0),
        Member("b", "1", Split.VALIDATION, 1),
        Member("c", "1", Split.TEST, 2),
    )
    assert kept_of([train, validation]) == validation
    assert kept_of([train, validation, test]) == test


def test_within_a_split_the_first_is_kept() -> None:
    """What was kept before stays kept when another comes."""
    first, second = Member("b", "1", Split.TRAIN, 3), Member("a", "1", Split.TRAIN, 4)
    assert kept_of([second, first]) == first


@given(st.lists(MEMBERS, min_size=1))
def test_the_choice_does_not_depend_on_the_order_in_which_members_are_given(members: list[Member]) -> None:
    """Two writers who look at one cluster choose the same."""
    kept = kept_of(members)
    assert kept == kept_of(reversed(members))
    assert kept is not None
    assert all(PRECEDENCE.index(kept.split) <= PRECEDENCE.index(member.split) for member in members)
