"""Tests of the builder's settings."""

import pytest

from services.dataset_builder.settings import DatasetBuilderSettings
from shared.settings import SettingsError, load


def test_nothing_need_be_set() -> None:
    """By default a version is looked at each second, lost events each minute, and nothing is adopted."""
    settings = load(DatasetBuilderSettings)
    assert (settings.poll_seconds, settings.reconcile_seconds, settings.adopt) == (1, 60, "")


def test_a_wrong_value_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its variable's name."""
    monkeypatch.setenv("DATASET_BUILDER_POLL_SECONDS", "0")
    with pytest.raises(SettingsError, match="DATASET_BUILDER_POLL_SECONDS=0"):
        load(DatasetBuilderSettings)
