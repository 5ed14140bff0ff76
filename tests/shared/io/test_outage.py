"""The two ways in which a server is of no use."""

import pytest

from shared.io.cache import CacheMisconfigured
from shared.io.object_store import ObjectExists, ObjectNotFound, PreconditionFailed, StoreMisconfigured
from shared.io.outage import Misconfigured, Outage
from shared.io.producer import RecordRefused, RecordTooLarge, TopicMissing


@pytest.mark.parametrize("kind", [StoreMisconfigured, CacheMisconfigured, TopicMissing])
def test_what_a_person_must_mend_is_misconfigured(kind: type[Exception]) -> None:
    """One `except Misconfigured` catches what any server says of our settings."""
    assert issubclass(kind, Misconfigured)


@pytest.mark.parametrize("kind", [ObjectExists, ObjectNotFound, PreconditionFailed, RecordRefused, RecordTooLarge])
def test_what_a_caller_expects_is_neither(kind: type[Exception]) -> None:
    """A lost race or a record's own fault is never taken for a server that is away."""
    assert not issubclass(kind, Outage | Misconfigured)
    assert not issubclass(Outage, Misconfigured | OSError)
