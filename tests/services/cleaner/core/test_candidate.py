"""Tests of what the settler is told of a document."""

import pickle

from services.cleaner.core.candidate import Candidate


def test_a_candidate_crosses_to_another_process() -> None:
    """The child that cleans gives it to the parent that settles."""
    candidate = Candidate("0" * 32, "zh", b"\x01" * 16, b"\x02" * 512)
    assert pickle.loads(pickle.dumps(candidate)) == candidate  # noqa: S301 - our own bytes
