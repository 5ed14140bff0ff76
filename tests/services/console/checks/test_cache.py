"""Tests of looking at the cache."""

from urllib.parse import urlsplit

import pytest

from infra.local.servers import Endpoints
from services.console.checks.cache import cache
from services.console.core.diagnosis import Verdict
from shared.io.outage import Misconfigured, Outage


def test_a_cache_that_is_away_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to do, and no password."""
    monkeypatch.setenv("CACHE_URL", "redis://:hidden@127.0.0.1:1/0")
    with pytest.raises(Outage, match="make up") as caught:
        list(cache())
    assert "hidden" not in str(caught.value)


@pytest.mark.integration
def test_the_real_cache_is_fit(servers: Endpoints, monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers, is of the right version, and evicts nothing."""
    monkeypatch.setenv("CACHE_URL", servers.environment["CACHE_URL"])
    found = {finding.subject: finding.verdict for finding in cache()}
    assert found == dict.fromkeys(["cache", "cache version"], Verdict.OK)


@pytest.mark.integration
def test_a_wrong_password_is_for_a_person(servers: Endpoints, monkeypatch: pytest.MonkeyPatch) -> None:
    """Starting the server again would not help."""
    port = urlsplit(servers.environment["CACHE_URL"]).port
    monkeypatch.setenv("CACHE_URL", f"redis://:wrong@127.0.0.1:{port}/0")
    with pytest.raises(Misconfigured, match="CACHE_URL"):
        list(cache())
