"""The site over HTTP, with real sockets."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from infra.site.server import listen, site_server
from infra.site.tree import SiteError
from tests.infra.site.builders import APPLICATIONS, MODIFIED, page, plant

PAGE = f"/{page('zh-CN', 'scalc', 0)}"


@pytest.fixture
def connection(root: Path) -> Iterator[HTTPConnection]:
    """Serve the tiny tree, and connect to it."""
    with site_server(root) as address:
        connection = HTTPConnection(address.removeprefix("http://"), timeout=10)
        yield connection
        connection.close()


def answer(connection: HTTPConnection, path: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
    """Ask for `path`, and give the answer with its body."""
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    return response, response.read()


def test_a_page_comes_with_its_charset_and_length(connection: HTTPConnection) -> None:
    """In UTF-8, as the help is."""
    response, body = answer(connection, PAGE + "?DbPAR=CALC")
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Last-Modified"] == formatdate(MODIFIED, usegmt=True)
    assert int(response.headers["Content-Length"]) == len(body)
    assert "帮助" in body.decode()


def test_a_connection_is_kept_for_many_requests(connection: HTTPConnection) -> None:
    """Whatever the answers are."""
    answer(connection, PAGE)
    first = connection.sock
    statuses = [answer(connection, path)[0].status for path in (PAGE, "/nowhere.html", "/", "/robots.txt") * 20]
    assert connection.sock is first
    assert statuses == [200, 404, 200, 200] * 20


def test_a_head_has_the_same_fields_and_no_body(connection: HTTPConnection) -> None:
    """Not a byte of it: that would pass for the next answer."""
    with socket.create_connection((connection.host, connection.port), timeout=10) as raw, raw.makefile("rb") as file:
        raw.sendall(f"HEAD {PAGE} HTTP/1.1\r\nConnection: close\r\n\r\n".encode())
        head, _, body = file.read().partition(b"\r\n\r\n")
    with_body, _ = answer(connection, PAGE)
    assert body == b""
    for name in ("Content-Type", "Content-Length", "Last-Modified"):
        assert f"{name}: {with_body.headers[name]}" in head.decode().split("\r\n")


@pytest.mark.parametrize(
    ("since", "status"),
    [
        (formatdate(MODIFIED, usegmt=True), 304),
        (formatdate(MODIFIED + 60, usegmt=True), 304),
        (formatdate(MODIFIED - 1, usegmt=True), 200),
        ("yesterday", 200),
        ("", 200),
    ],
)
def test_what_the_client_has_already_is_not_sent_again(connection: HTTPConnection, since: str, status: int) -> None:
    """Unless it changed since; a date that is none counts as none."""
    response, body = answer(connection, PAGE, If_Modified_Since=since)
    assert (response.status, not body) == (status, status == 304)
    assert answer(connection, PAGE)[0].status == 200


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/media/..%5c..%5csecret.txt", "/%00", "/media/%ff"],
)
def test_no_path_leads_out_of_the_tree(connection: HTTPConnection, root: Path, path: str) -> None:
    """However it is written."""
    plant(root.parent, "secret.txt", "secret")
    response, body = answer(connection, path)
    assert response.status == 404
    assert b"secret" not in body


def test_an_escaped_path_is_found(connection: HTTPConnection) -> None:
    """As browsers and spiders write it."""
    assert answer(connection, "/media/a%20picture.svg#top")[1] == b"<svg/>"


@pytest.mark.parametrize(
    ("host", "location"),
    [("localhost:99", "http://localhost:99/sitemap-en-US.xml"), ("a b<c>", "http://127.0.0.1:")],
)
def test_addresses_are_those_that_the_client_uses(connection: HTTPConnection, host: str, location: str) -> None:
    """Where it says so in earnest."""
    body = answer(connection, "/robots.txt", Host=host)[1].decode()
    assert location in body
    assert "<c>" not in body


def test_a_body_that_nobody_asked_for_is_no_request(connection: HTTPConnection) -> None:
    """The connection ends with the answer, instead of taking the body for the next request."""
    connection.request("GET", PAGE, body=b"GET /robots.txt HTTP/1.1\r\n\r\n")
    response = connection.getresponse()
    assert (response.status, response.headers["Connection"]) == (200, "close")
    response.read()


def test_another_method_is_refused(connection: HTTPConnection) -> None:
    """The site can only be read."""
    assert answer(connection, PAGE, "POST")[0].status == 501


def test_a_client_that_goes_away_or_talks_nonsense_harms_nobody(connection: HTTPConnection) -> None:
    """The others are answered."""
    for nonsense in (b"\x00\xff\r\n\r\n", b"GET", b"GET / HTTP/1.1\r\nX: " + b"y" * 100_000):
        with socket.create_connection((connection.host, connection.port)) as rude:
            rude.sendall(nonsense)
    assert answer(connection, PAGE)[0].status == 200


def test_many_are_served_at_once(root: Path) -> None:
    """Each connection has a thread."""
    paths = [f"/{page('en-US', name, number)}" for name, count in APPLICATIONS.items() for number in range(count)]

    def read_all(address: str) -> list[int]:
        connection = HTTPConnection(address.removeprefix("http://"), timeout=10)
        statuses = [answer(connection, path)[0].status for path in paths * 10]
        connection.close()
        return statuses

    with site_server(root) as address, ThreadPoolExecutor(8) as pool:
        assert list(pool.map(read_all, [address] * 8)) == [[200] * len(paths) * 10] * 8


def test_a_slice_is_served(root: Path) -> None:
    """For tests that want a few pages."""
    with site_server(root, pages=3) as address:
        connection = HTTPConnection(address.removeprefix("http://"), timeout=10)
        assert answer(connection, "/sitemap-zh-CN.xml")[1].count(b"<loc>") == 3
        connection.close()


def test_the_end_comes_though_a_client_stays_connected(root: Path) -> None:
    """Its connection is ended."""
    with site_server(root) as address:
        connection = HTTPConnection(address.removeprefix("http://"), timeout=10)
        answer(connection, PAGE)
        kept = connection.sock
        assert kept is not None
        over = time.monotonic()
    assert time.monotonic() - over < 10, "it waited until the client had been idle for long enough"
    assert kept.recv(1) == b""
    connection.close()


def test_a_port_that_is_taken_is_told_by_whom() -> None:
    """With how to choose another."""
    with listen(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SiteError, match=rf"port {port} of 127\.0\.0\.1 is taken by .*pid \d+\. Remedy: .*--port N"):
            listen(port)
