"""Tests of what is said of a model."""

import msgspec
import pytest

from shared.contracts.message import decode
from shared.contracts.releases import ModelPublished

PUBLISHED = {
    "model": "support-router",
    "version": 7,
    "alias": "champion",
    "task": "application",
    "manifest": {"bucket": "millrace", "key": "m/7.json", "offset": 0, "length": 9, "sha256": "ab" * 32},
    "dataset": "support-router",
    "dataset_version": 12,
    "verdict": "v-7",
    "published_at": "2026-03-14T06:31:00Z",
}


def test_the_first_model_replaces_none() -> None:
    """Whoever rolls back learns that there is nothing to go back to."""
    assert decode(ModelPublished, msgspec.json.encode(PUBLISHED)).previous_version is None


@pytest.mark.parametrize("field", ["verdict", "dataset_version", "manifest"])
def test_is_refused_without_what_it_is_traced_by(field: str) -> None:
    """No model is served whose verdict, data or digest is unknown."""
    with pytest.raises(msgspec.ValidationError, match=field):
        decode(ModelPublished, msgspec.json.encode({key: value for key, value in PUBLISHED.items() if key != field}))
