"""Tests of how large topics are made, and of where the gateway is."""

import pytest

from services.console.settings import GatewayAccess, TopicSettings
from shared.settings import SettingsError, load


@pytest.fixture(autouse=True)
def _no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """Read the environment alone."""
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path))
    monkeypatch.delenv("TOPICS_PARTITIONS", raising=False)
    for name in ("TOPICS_REPLICATION", "GATEWAY_URL", "GATEWAY_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_topics_are_sized_for_production_by_default() -> None:
    """Only a laptop has to say that it is one."""
    assert load(TopicSettings) == TopicSettings(partitions=24, replication=None)


def test_a_deployment_sizes_its_topics(monkeypatch: pytest.MonkeyPatch) -> None:
    """The local stack asks for 4."""
    monkeypatch.setenv("TOPICS_PARTITIONS", "4")
    monkeypatch.setenv("TOPICS_REPLICATION", "2")
    assert load(TopicSettings) == TopicSettings(partitions=4, replication=2)


@pytest.mark.parametrize(("name", "value"), [("TOPICS_PARTITIONS", "0"), ("TOPICS_REPLICATION", "many")])
def test_a_wrong_size_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """The message names the variable and the value."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"{name}={value}"):
        load(TopicSettings)


def test_the_gateway_is_the_local_one_unless_another_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its key, which nothing shows."""
    assert load(GatewayAccess).url is None
    monkeypatch.setenv("GATEWAY_URL", "https://models.example.org")
    monkeypatch.setenv("GATEWAY_API_KEY", "not to be seen")
    found = load(GatewayAccess)
    assert found.url == "https://models.example.org"
    assert found.api_key.get_secret_value() == "not to be seen"
    assert "not to be seen" not in repr(found)
