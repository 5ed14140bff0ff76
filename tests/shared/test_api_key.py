"""A key that a header can't carry, or that loses its ends on the way, is refused where it is read."""

import pytest
from pydantic import SecretStr

from shared.api_key import ApiKey
from shared.settings import Settings, SettingsError, load


class Keyed(Settings):
    """Settings with a key."""

    api_key: ApiKey = SecretStr("")


@pytest.mark.parametrize("key", ["", "k" * 20, "a key of-more_than~one/word=="])
def test_what_a_header_can_carry_is_a_key(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """None at all too: whether one is needed, the reader says."""
    monkeypatch.setenv("API_KEY", key)
    assert load(Keyed).api_key == SecretStr(key)


@pytest.mark.parametrize("key", ["secret\n", "secret\r\n", " secret", "secret ", "top\nsecret", "secret密"])
def test_what_it_cannot_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """As `echo` writes it into a file."""
    monkeypatch.setenv("API_KEY", key)
    with pytest.raises(SettingsError, match="no space or line end around it") as caught:
        load(Keyed)
    assert key.strip() not in str(caught.value).replace("<secret>", "")
