"""What each answer of an S3 server means."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from pydantic import SecretStr

from shared.io.object_store import StoreMisconfigured
from shared.io.retry import TransientFailure
from shared.io.s3_client import S3Client, S3Request
from shared.settings import StoreSettings

SECONDS = 5.0
GET = S3Request("GET", "key")
PUT = S3Request("PUT", "key", b"data")
COMPLETE = S3Request("POST", "key", b"<parts/>")


@contextmanager
def client_of(status: int, body: bytes = b"") -> Iterator[S3Client]:
    """Give a client of a server that has one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", '"abc"')
            self.send_header("Last-Modified", "Tue, 24 Nov 2026 00:00:00 GMT")
            self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_POST = answer  # noqa: N815 - the names that the standard library looks for

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            with closing(S3Client(settings(f"http://127.0.0.1:{server.server_port}"))) as client:
                yield client
        finally:
            server.shutdown()
            thread.join()


def settings(endpoint: str) -> StoreSettings:
    """Return settings of a store at `endpoint`."""
    return StoreSettings(endpoint=endpoint, access_key="somebody", secret_key=SecretStr("hunter2"), bucket="bucket")


def error(code: str) -> bytes:
    """Return the body of an S3 error."""
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>".encode()


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"data"), (204, b""), (206, b"da"), (404, error("NoSuchKey")), (404, b""), (412, b""), (416, b"")],
)
def test_an_answer_for_the_caller_is_returned(status: int, body: bytes) -> None:
    """Done, partly, absent, lost and beyond the end are answers, not failures."""
    with client_of(status, body) as client:
        answer = client.send(GET, SECONDS)

    assert (answer.status, answer.data) == (status, body)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, error("InternalError")),
        (502, b"<html>bad gateway</html>"),
        (503, error("SlowDown")),
        (504, b""),
        (429, b""),
        (400, error("RequestTimeout")),
        (409, error("ConditionalRequestConflict")),
    ],
)
def test_an_answer_that_may_change_is_transient(status: int, body: bytes) -> None:
    """A server that is busy or broken for now is worth another attempt."""
    with client_of(status, body) as client, pytest.raises(TransientFailure, match=str(status)):
        client.send(PUT, SECONDS)


@pytest.mark.parametrize(
    ("status", "code", "remedy"),
    [
        (403, "InvalidAccessKeyId", "S3_ACCESS_KEY"),
        (403, "SignatureDoesNotMatch", "S3_SECRET_KEY"),
        (403, "AccessDenied", "allow"),
        (403, "RequestTimeTooSkewed", "clock"),
        (404, "NoSuchBucket", "create the bucket"),
        (400, "AuthorizationHeaderMalformed", "S3_REGION"),
        (301, "PermanentRedirect", "S3_ENDPOINT"),
        (501, "NotImplemented", "check S3_ENDPOINT"),
    ],
)
def test_an_answer_that_stays_names_a_remedy(status: int, code: str, remedy: str) -> None:
    """What no retry mends says what to set, and never tells the secret."""
    with client_of(status, error(code)) as client, pytest.raises(StoreMisconfigured, match=remedy) as caught:
        client.send(PUT, SECONDS)
    assert code in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_an_error_in_the_body_of_a_completion_is_transient() -> None:
    """AWS may answer 200 to a completed upload and tell of a failure in the body."""
    with client_of(200, error("InternalError")) as client, pytest.raises(TransientFailure, match="InternalError"):
        client.send(COMPLETE, SECONDS)


def test_an_object_that_looks_like_an_error_is_an_object() -> None:
    """The bytes of an object are never read as an answer of the store."""
    with client_of(200, error("SlowDown")) as client:
        assert client.send(GET, SECONDS).data == error("SlowDown")


def test_nobody_there_is_transient() -> None:
    """A refused connection is worth another attempt."""
    client = S3Client(settings("http://127.0.0.1:1"))

    with pytest.raises(TransientFailure, match=r"S3 GET key at http://127\.0\.0\.1:1"):
        client.send(GET, SECONDS)
