"""Serves the site: HTTP/1.1 with keep-alive on loopback, a thread a connection, standard library alone."""

import errno
import re
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import formatdate, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final, cast
from urllib.parse import unquote

import psutil

from infra.site.content import Found, Site
from infra.site.tree import SiteError

LOOPBACK: Final = "127.0.0.1"
PORT: Final = 8808
_BACKLOG: Final = 128
_IDLE_SECONDS: Final = 60
_POLL_SECONDS: Final = 0.05
_HOST: Final = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?")


class SiteServer(ThreadingHTTPServer):
    """The server: closed, it ends its connections and waits for their threads."""

    daemon_threads = False

    def __init__(self, site: Site, listening: socket.socket) -> None:
        """Serve `site` on a socket that listens."""
        super().__init__(listening.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.site = site
        self.address = f"http://{LOOPBACK}:{listening.getsockname()[1]}"
        self._connections: set[socket.socket] = set()

    def process_request(self, request: object, client_address: object) -> None:
        """Remember the connection, and hand it to a thread."""
        self._connections.add(cast(socket.socket, request))
        super().process_request(request, client_address)  # type: ignore[arg-type]

    def shutdown_request(self, request: object) -> None:
        """Forget the connection, which is over."""
        self._connections.discard(cast(socket.socket, request))
        super().shutdown_request(request)  # type: ignore[arg-type]

    def handle_error(self, request: object, client_address: object) -> None:
        """Tell of a bug, not of a client that went away in mid-answer."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def server_close(self) -> None:
        """End it, with whatever its clients still hold open."""
        for connection in tuple(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection's requests."""

    protocol_version = "HTTP/1.1"
    server_version = "millrace-site"
    sys_version = ""
    disable_nagle_algorithm = True
    timeout = _IDLE_SECONDS

    def do_GET(self) -> None:
        """Send what is at the path."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Send what is said of it."""
        self._answer(with_body=False)

    def log_message(self, *_: object) -> None:
        """Log nothing: a line a request would be most of the work."""

    def _answer(self, *, with_body: bool) -> None:
        server = cast(SiteServer, self.server)
        if self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers:
            self.close_connection = True  # a body that nobody reads would pass for the next request
        path = unquote(self.path.partition("?")[0].partition("#")[0])
        found = server.site.find(path, self._address(server))
        if found is None:
            self._send(
                HTTPStatus.NOT_FOUND, {"Content-Type": "text/plain; charset=utf-8"}, b"no such page\n", with_body
            )
            return
        headers = {"Content-Type": found.content_type, "Last-Modified": formatdate(found.modified, usegmt=True)}
        if self._has(found):
            self._send(HTTPStatus.NOT_MODIFIED, headers, None, with_body)
        else:
            self._send(HTTPStatus.OK, headers, found.read(), with_body)

    def _address(self, server: SiteServer) -> str:
        """Give the address that the client knows us by."""
        host = self.headers.get("Host", "")
        return f"http://{host}" if _HOST.fullmatch(host) else server.address

    def _has(self, found: Found) -> bool:
        """Say whether the client has what is there already (If-Modified-Since, RFC 9110 §13.1.3)."""
        try:
            return parsedate_to_datetime(self.headers["If-Modified-Since"]).timestamp() >= found.modified
        except (TypeError, ValueError):
            return False

    def _send(self, status: HTTPStatus, headers: dict[str, str], body: bytes | None, with_body: bool) -> None:
        """Send head and body at once: of two writes the second would wait for the first's acknowledgement."""
        always = {"Server": self.version_string(), "Date": self.date_time_string()}
        length = {} if body is None else {"Content-Length": str(len(body))}
        last = {"Connection": "close"} if self.close_connection else {}
        fields = "".join(f"{name}: {value}\r\n" for name, value in (always | headers | length | last).items())
        head = f"{self.protocol_version} {status.value} {status.phrase}\r\n{fields}\r\n".encode("latin-1")
        self.wfile.write(head + body if body and with_body else head)


def listen(port: int) -> socket.socket:
    """Listen on `port` of the loopback address, or on a free one for 0; raises `SiteError` that says who has it."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((LOOPBACK, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise SiteError(_taken(port, error)) from error
    return listening


def _taken(port: int, error: OSError) -> str:
    remedy = (
        "choose another port: --port N, 0 for a free one (make site PORT=N); the source in millrace.toml names it too"
    )
    if error.errno == errno.EACCES:
        return f"port {port} is not for everyone: {error.strerror}. Remedy: {remedy}."
    return f"port {port} of {LOOPBACK} is taken{_by_whom(port)}. Remedy: stop that, or {remedy}."


def _by_whom(port: int) -> str:
    """Name the process that listens on `port`, where we may know it."""
    with suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,)
            if listens and connection.pid:
                return f" by {psutil.Process(connection.pid).name()}, pid {connection.pid}"
    return ""


@contextmanager
def site_server(root: Path, port: int = 0, pages: int | None = None) -> Iterator[str]:
    """Serve the tree at `root`, or the first `pages` pages of each language, while the block runs; gives the address.

    Raises `SiteError` where the port is taken.
    """
    server = SiteServer(Site(root, pages), listen(port))
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), name="site")
    thread.start()
    try:
        yield server.address
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
