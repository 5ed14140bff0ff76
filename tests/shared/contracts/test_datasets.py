"""Tests of what is said of a dataset."""

import msgspec
import pytest

from shared.contracts.datasets import DatasetReady
from shared.contracts.message import decode

READY = {
    "dataset": "support-router",
    "version": 12,
    "manifest": {"bucket": "millrace", "key": "m/12.json", "offset": 0, "length": 9, "sha256": "ab" * 32},
    "created_at": "2026-03-14T06:30:00Z",
    "rule_set": "clean-1",
    "trigger": "new-rows",
}


def test_the_first_version_has_no_parent() -> None:
    """And says nothing of rows that nobody counted."""
    ready = decode(DatasetReady, msgspec.json.encode(READY))
    assert ready.parent_version is None
    assert ready.rows == {}


@pytest.mark.parametrize("field", ["version", "manifest", "trigger"])
def test_is_refused_without_what_a_trainer_needs(field: str) -> None:
    """A trainer fetches the manifest by this and nothing else."""
    with pytest.raises(msgspec.ValidationError, match=field):
        decode(DatasetReady, msgspec.json.encode({key: value for key, value in READY.items() if key != field}))
