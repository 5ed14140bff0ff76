"""The only place that names a split: a group of documents is in train, validation or test for ever."""

import hashlib
from enum import StrEnum
from typing import Final


class Split(StrEnum):
    """Which part of a dataset a row belongs to."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


# Ten per cent each for the gate and for the report. Moving a bound would move groups between splits, and so leak
# what a model has seen into what judges it: these never change.
_VALIDATION_FROM: Final = 0.8
_TEST_FROM: Final = 0.9


def split_of(group_id: str, hint: Split | None = None) -> Split:
    """Give the split of a group: the publisher's `hint` where there is one, else by hash of the group's id.

    All members of a group share it, whenever and in whatever order they come. Raises `ValueError` for the empty id of
    a document that the cleaner hasn't stamped: such documents are no group.
    """
    if not group_id:
        raise ValueError("a document without a group_id has no split: the cleaner stamps it")
    if hint is not None:
        return hint
    position = int.from_bytes(hashlib.sha256(group_id.encode()).digest()[:8], "big") / 2**64
    if position >= _TEST_FROM:
        return Split.TEST
    return Split.VALIDATION if position >= _VALIDATION_FROM else Split.TRAIN
