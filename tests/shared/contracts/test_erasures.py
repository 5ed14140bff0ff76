"""Tests of a request to forget."""

import msgspec
import pytest

from shared.contracts.erasures import ErasureRequested
from shared.contracts.message import decode

REQUESTED = {
    "erasure_id": "e-1",
    "document_id": "b26bbd9afe2ddb549ed0041d60176bbe",
    "deny_hash": "ab" * 32,
    "reason": "owner-request",
    "requested_by": "console",
    "at": "2026-03-14T08:00:00Z",
}


@pytest.mark.parametrize("field", list(REQUESTED))
def test_is_refused_when_anything_is_left_out(field: str) -> None:
    """What, why, who and when are all part of the receipt."""
    with pytest.raises(msgspec.ValidationError, match=field):
        decode(ErasureRequested, msgspec.json.encode({key: value for key, value in REQUESTED.items() if key != field}))
