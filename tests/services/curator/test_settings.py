"""Tests of the curator's settings."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from services.curator.core.compaction import Policy
from services.curator.core.garbage import Keep
from services.curator.settings import CuratorSettings


def test_the_defaults_merge_eight_small_shards_and_keep_a_day_of_shards() -> None:
    """Shards of less than 8 MiB, into 32 at most: what a small process has the memory for."""
    settings = CuratorSettings()
    assert settings.policy == Policy(min_shards=8, small_bytes=8 * 1024**2, target_bytes=32 * 1024**2)
    assert settings.keep == Keep(versions=100, version_age=timedelta(hours=1), shard_grace=timedelta(days=1))


def test_the_environment_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """A laptop may collect sooner."""
    monkeypatch.setenv("CURATOR_GRACE_SECONDS", "60")
    assert CuratorSettings().keep.shard_grace == timedelta(minutes=1)


def test_merging_one_shard_is_refused() -> None:
    """It would go on for ever."""
    with pytest.raises(ValidationError):
        CuratorSettings(merge_min_shards=1)
