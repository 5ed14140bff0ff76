"""Which document of a cluster of near duplicates is kept: builder and curator choose by this one rule. Pure.

An evaluation row goes before a training row, for a training row that is like it would leak; within a split the one that
came first goes before the others, so that what was kept before stays kept.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from shared.contracts.split import Split

PRECEDENCE: Final = (Split.TEST, Split.VALIDATION, Split.TRAIN)
"""The splits in the order in which a cluster is kept in them."""
CLUSTER_DIGITS: Final = 16


class Member(NamedTuple):
    """One eligible edition of one document of a cluster.

    `place` orders members by when they came: the number of its first row in the dataset, or anything that grows so.
    """

    document_id: str
    edition: str
    split: Split
    place: int


def cluster_of(cluster_id: str, document_id: str) -> str:
    """Name the cluster of near duplicates that a row is in: its document may be the first, or the only one so far."""
    return cluster_id or document_id[:CLUSTER_DIGITS]


def kept_of(members: Iterable[Member]) -> Member | None:
    """Choose the member that a cluster is kept by: test before validation before train, then the first; None of none.

    Only eligible members are to be given: no superseded edition, none of a document that is denied.
    """
    return min(members, key=_order, default=None)


def _order(member: Member) -> tuple[int, int, str, str]:
    # The ids break a tie, so that two who choose at once choose the same.
    return PRECEDENCE.index(member.split), member.place, member.document_id, member.edition
