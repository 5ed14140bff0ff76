"""Tests of the builder's settings."""

import pytest

from services.dataset_builder.settings import DatasetBuilderSettings
from shared.settings import SettingsError, load


def test_nothing_need_be_set() -> None:
    """By default a version is looked at each second, lost events each minute, and nothing is adopted."""
    settings = load(DatasetBuilderSettings)
    assert (settings.poll_seconds, settings.reconcile_seconds, settings.adopted) == (1, 60, frozenset())


def test_several_topics_can_be_adopted(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a move to another Kafka both are foreign."""
    monkeypatch.setenv("DATASET_BUILDER_ADOPT", "topic-1, topic-2")
    assert load(DatasetBuilderSettings).adopted == {"topic-1", "topic-2"}


def test_a_wrong_value_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its variable's name."""
    monkeypatch.setenv("DATASET_BUILDER_POLL_SECONDS", "0")
    with pytest.raises(SettingsError, match="DATASET_BUILDER_POLL_SECONDS=0"):
        load(DatasetBuilderSettings)
