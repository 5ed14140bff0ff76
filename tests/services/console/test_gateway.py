"""Which gateway a person asks."""

from pathlib import Path

import pytest

from infra.local.ports import write_ports
from services.console.gateway import gateway, local_url
from services.console.terminal import NotDone
from shared.io.gateway_client import Refused


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Read settings and ports from a folder of the test."""
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path))
    monkeypatch.delenv("GATEWAY_URL", raising=False)


def test_it_is_the_local_stack_s(tmp_path: Path) -> None:
    """At the port that the stack has found for it."""
    write_ports(tmp_path / "ports.json", {"gateway": {"GATEWAY_PORT": 21_001, "TELEMETRY_METRICS_PORT": 21_002}})
    assert local_url() == "http://127.0.0.1:21001"
    with gateway() as client:
        assert client.url == local_url()


def test_another_may_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """No local stack is needed then."""
    monkeypatch.setenv("GATEWAY_URL", "https://models.example.org")
    with gateway() as client:
        assert client.url == "https://models.example.org"


def test_a_broken_list_of_ports_is_as_none(tmp_path: Path) -> None:
    """A kill may have left half of it; the next `make up` writes it anew."""
    (tmp_path / "ports.json").write_text('{"gateway": {"GATEWAY_PORT": 21', encoding="utf-8")
    with pytest.raises(NotDone, match="make up"):
        local_url()


def test_without_any_it_is_told_what_to_do() -> None:
    """Both ways."""
    with pytest.raises(NotDone, match=r"make up.*GATEWAY_URL"), gateway():
        pass


def test_a_refusal_is_told_with_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """The words are the gateway's."""
    monkeypatch.setenv("GATEWAY_URL", "http://127.0.0.1:1")
    with pytest.raises(NotDone, match=r"http://127\.0\.0\.1:1 says 401: no such key"), gateway():
        raise Refused(401, "no such key")
