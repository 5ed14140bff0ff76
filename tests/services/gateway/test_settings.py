"""A gateway doesn't start open, nor with a key that can be guessed."""

from typing import Any

import pytest

from services.gateway.settings import GatewaySettings
from shared.settings import SettingsError, load

SAID = {"GATEWAY_API_KEY": "k" * 32, "GATEWAY_REQUEST_SECRET": "s" * 32}


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> pytest.MonkeyPatch:  # noqa: ANN401 - a folder
    """Say what a gateway needs."""
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path))
    for name, value in SAID.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_a_key_and_a_secret_are_enough(said: pytest.MonkeyPatch) -> None:
    """And neither is shown."""
    assert said is not None
    settings = load(GatewaySettings)
    assert (settings.host, settings.port, settings.allow_anonymous) == ("127.0.0.1", 8080, False)
    assert "kkkk" not in repr(settings)
    assert "ssss" not in repr(settings)
    assert settings.model_cache.parts[-2:] == ("cache", "models")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("GATEWAY_API_KEY", "", "GATEWAY_API_KEY is not set, so nobody could ask"),
        ("GATEWAY_API_KEY", "short", "not 16 ASCII characters or more"),
        ("GATEWAY_API_KEY", "密" * 20, "not printable ASCII"),
        ("GATEWAY_API_KEY", "short" * 4 + "\n", "no space or line end around it"),
        ("GATEWAY_API_KEY", " " + "short" * 4, "no space or line end around it"),
        ("GATEWAY_REQUEST_SECRET", "", "GATEWAY_REQUEST_SECRET is set neither"),
        ("GATEWAY_REQUEST_SECRET", "short", "not 16 ASCII characters or more"),
        ("GATEWAY_TEXTS", "0", "GATEWAY_TEXTS=0"),
    ],
)
def test_what_is_missing_or_weak_is_refused(said: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    """With the variable and the fault; a secret's value is not repeated."""
    said.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load(GatewaySettings)
    assert told in str(caught.value)
    assert "short" not in str(caught.value)


def test_it_is_open_only_where_that_is_said(said: pytest.MonkeyPatch) -> None:
    """Then no key is needed."""
    said.delenv("GATEWAY_API_KEY")
    said.setenv("GATEWAY_ALLOW_ANONYMOUS", "true")
    assert load(GatewaySettings).allow_anonymous
