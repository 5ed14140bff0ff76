"""`millrace ask` as a shell sees it; a real gateway answers in `tests/e2e/`."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.services.console.harness import Shell

ANSWER = {
    "request_id": "r1",
    "label": "calc",
    "probabilities": {"base": 0.05, "calc": 0.8, "math": 0.02, "writer": 0.13},
    "model": "application",
    "model_version": 3,
}


@pytest.fixture
def address() -> Iterator[str]:
    """Serve what a gateway would answer: calc to everything, and any correction but one to gimp is accepted.

    One to math trains nothing, one to base waits.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, answer = 200, ANSWER
            if self.path == "/v1/feedback":
                trains, accepted = asked["label"] != "math", asked["label"] != "base"
                status, answer = 201, {"feedback_id": "f1", "trains": trains, "accepted": accepted}
            if asked.get("label") == "gimp":
                status, answer = 422, {"title": "unknown label", "detail": "there is no label gimp"}
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_the_answer_is_shown(lonely_shell: Shell, address: str) -> None:
    """The label, the likeliest three, the version, and the id to ask for its trace by."""
    done = lonely_shell.run("ask", "add up a column", GATEWAY_URL=address)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "label     calc",
        "          calc 0.80, writer 0.13, base 0.05",
        "model     application, version 3",
        "request   r1",
    ]


def test_a_correction_is_sent_after_it(lonely_shell: Shell, address: str) -> None:
    """And a script gets both."""
    done = lonely_shell.run("ask", "rotate it", "--correct", "writer", GATEWAY_URL=address)
    assert "accepted: the next version learns it." in done.stdout
    done = lonely_shell.run("ask", "rotate it", "--correct", "writer", "--json", GATEWAY_URL=address)
    told = json.loads(done.stdout)
    assert (told["answer"]["label"], told["correction"]["accepted"]) == ("calc", True)


def test_a_correction_that_waits_says_who_for(lonely_shell: Shell, address: str) -> None:
    """And by which command a person looks at it."""
    done = lonely_shell.run("ask", "keep it", "--correct", "base", GATEWAY_URL=address)
    assert "kept, until a person has looked at it: millrace feedback list" in done.stdout


def test_a_correction_that_trains_nothing_is_told_as_one(lonely_shell: Shell, address: str) -> None:
    """Though it is accepted: a fifth of all texts is for judging models."""
    done = lonely_shell.run("ask", "integrate it", "--correct", "math", GATEWAY_URL=address)
    assert "kept, and trains nothing: models are judged on its group, or don't learn its language." in done.stdout


def test_what_the_gateway_refuses_is_told(lonely_shell: Shell, address: str) -> None:
    """In its own words, with 1."""
    done = lonely_shell.run("ask", "rotate it", "--correct", "gimp", GATEWAY_URL=address)
    assert done.returncode == 1
    assert "says 422: there is no label gimp" in done.stderr


def test_a_gateway_that_is_away_is_told(lonely_shell: Shell) -> None:
    """With its address."""
    done = lonely_shell.run("ask", "rotate it", GATEWAY_URL="http://127.0.0.1:1")
    assert done.returncode == 1
    assert "the gateway at http://127.0.0.1:1 gave no answer" in done.stderr
