"""The gateway's client sends what customers send, and tells a refusal from no answer."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from shared.io.gateway_client import GatewayClient, Refused
from shared.io.outage import Misconfigured, Outage

ANSWER = {
    "request_id": "r1",
    "label": "calc",
    "probabilities": {"calc": 0.9, "writer": 0.1},
    "model": "application",
    "model_version": 3,
    "news": "of a later gateway",
}


@dataclass
class Played:
    """A server that answers with `status` and `body`, and what it was asked."""

    address: str
    status: int = 200
    body: bytes = b"{}"
    asked: list[tuple[str, str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)


@pytest.fixture
def played() -> Iterator[Played]:
    """Serve on loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told.asked.append((self.command, self.path, json.loads(body) if body else None))
            told.keys.append(self.headers["Authorization"])
            self.send_response(told.status)
            self.send_header("Content-Length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told = Played(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield told
        server.shutdown()
        thread.join()


@pytest.fixture
def client(played: Played) -> Iterator[GatewayClient]:
    """Give a client of it."""
    client = GatewayClient(played.address, "the-key", answer_seconds=5)
    yield client
    client.close()


def test_a_text_is_classified(played: Played, client: GatewayClient) -> None:
    """With the key, and without consent unless it is given; what later gateways say beside it is passed over."""
    played.body = json.dumps(ANSWER).encode()
    answer = client.classify("add up a column")
    client.classify("求和", consent=True)
    assert (answer.request_id, answer.label, answer.model_version) == ("r1", "calc", 3)
    assert played.asked == [
        ("POST", "/v1/classify", {"text": "add up a column", "consent": False}),
        ("POST", "/v1/classify", {"text": "求和", "consent": True}),
    ]
    assert played.keys == ["Bearer the-key"] * 2


def test_a_correction_gives_text_and_consent(played: Played, client: GatewayClient) -> None:
    """Without both it could train nothing."""
    played.body = b'{"feedback_id": "f1", "trains": true, "accepted": true}'
    assert client.correct("r1", "calc", "rotate it").trains
    assert played.asked == [
        (
            "POST",
            "/v1/feedback",
            {"request_id": "r1", "kind": "correction", "label": "calc", "text": "rotate it", "consent": True},
        )
    ]


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (401, b'{"title": "Unauthorized", "detail": "no such key"}', "401: no such key"),
        (503, b'{"title": "no model yet"}', "503: no model yet"),
        (500, b"oops", "500: oops"),
        (307, b"", "307: "),
    ],
)
def test_a_refusal_is_told_in_the_gateway_s_words(
    played: Played, client: GatewayClient, status: int, body: bytes, told: str
) -> None:
    """Whatever the body is; and nothing is asked again, or elsewhere."""
    played.status, played.body = status, body
    with pytest.raises(Refused) as caught:
        client.classify("x")
    assert str(caught.value) == told
    assert caught.value.status == status
    assert len(played.asked) == 1


def test_what_hinders_it_is_told(played: Played, client: GatewayClient) -> None:
    """No model, no answer, or nothing."""
    played.body = b'{"ok": true, "reason": ""}'
    assert client.hindrance() == ""
    played.status, played.body = 503, b'{"ok": false, "reason": "no model yet"}'
    assert client.hindrance() == "503: no model yet"


def test_a_text_that_is_no_unicode_is_refused_unsent(played: Played, client: GatewayClient) -> None:
    """As a terminal gives whose encoding isn't UTF-8; what it can't send, it doesn't blame on the gateway."""
    with pytest.raises(Refused, match="send it as UTF-8") as caught:
        client.classify("求\ud800和")
    assert caught.value.status == 400
    with pytest.raises(Refused, match="send it as UTF-8"):
        client.correct("r1", "calc", "\udcc7")
    assert played.asked == []


def test_no_answer_is_an_outage() -> None:
    """Nobody listens there."""
    client = GatewayClient("http://127.0.0.1:1", "the-key")
    with pytest.raises(Outage, match="gave no answer"):
        client.classify("x")
    assert "gave no answer" in client.hindrance()


def test_another_server_is_no_gateway(played: Played, client: GatewayClient) -> None:
    """A wrong address is told as one."""
    played.body = b"<html>hello</html>"
    with pytest.raises(Misconfigured, match="no gateway of ours"):
        client.classify("x")
    with pytest.raises(Misconfigured, match="no address of a gateway"):
        GatewayClient("http://[", "the-key").classify("x")
