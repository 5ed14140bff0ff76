"""Tests of evaluation sets."""

import secrets

import msgspec
import pytest

from infra.local.servers import Endpoints
from shared.contracts.split import Split
from shared.datasets.evaluation import (
    EvaluationSet,
    EvaluationSets,
    EvaluationSetTaken,
    evaluation_key,
    evaluation_name,
)
from shared.io.memory import MemoryObjectStore
from shared.io.s3 import S3ObjectStore
from tests.shared.datasets.builders import AT

FIRST = EvaluationSet(
    version=1,
    created_at=AT,
    from_version=3,
    groups=2,
    rows={Split.VALIDATION: ("a",), Split.TEST: ("b", "c")},
    counts={Split.VALIDATION: {"total": 1}, Split.TEST: {"total": 2}},
)


@pytest.fixture(params=["memory", pytest.param("s3", marks=pytest.mark.integration)])
def sets(request: pytest.FixtureRequest) -> EvaluationSets:
    """Give those of a dataset without any, in memory and on the real store."""
    if request.param == "memory":
        return EvaluationSets(MemoryObjectStore(), "help")
    servers: Endpoints = request.getfixturevalue("servers")
    return EvaluationSets(S3ObjectStore.from_settings(servers.s3), f"help-{secrets.token_hex(6)}")


def test_a_set_never_changes(sets: EvaluationSets) -> None:
    """Two models that were judged on one version were judged on the same rows."""
    sets.make(FIRST)
    with pytest.raises(EvaluationSetTaken, match=r"evaluation/0001\.json"):
        sets.make(msgspec.structs.replace(FIRST, groups=9))
    assert sets.read(1) == FIRST


def test_the_newest_set(sets: EvaluationSets) -> None:
    """There is none at first."""
    assert (sets.newest(), sets.versions(), sets.read(1)) == (None, [], None)
    second = msgspec.structs.replace(FIRST, version=2)
    sets.make(FIRST)
    sets.make(second)
    assert (sets.newest(), sets.versions()) == (second, [1, 2])


def test_what_others_leave_in_the_folder_is_no_set() -> None:
    """A copy by hand must not end whoever lists them."""
    store = MemoryObjectStore()
    sets = EvaluationSets(store, "help")
    sets.make(FIRST)
    store.put(f"{evaluation_key('help', 2)}.bak", b"{}")
    assert (sets.newest(), sets.versions()) == (FIRST, [1])


def test_names() -> None:
    """The key in the store, and the name in messages."""
    assert evaluation_key("help", 2) == "datasets/help/evaluation/0002.json"
    assert evaluation_name("help", 2) == "help/0002"
