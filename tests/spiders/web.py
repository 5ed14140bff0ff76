"""A real web server on loopback, in a thread: pages from a table, or by a function of the path; it counts requests."""

import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Reply:
    """One answer; a body in parts is sent as it comes, without a length."""

    body: bytes | Iterable[bytes] = b""
    status: int = 200
    content_type: str = HTML
    headers: Mapping[str, str] = field(default_factory=dict)


Site = Callable[[str], Reply]


def page(*links: str, text: str = "A page with some words in it.", title: str = "Page") -> Reply:
    """Give a page that says `text` and links to `links`."""
    anchors = "".join(f'<a href="{link}">to {link}</a>' for link in links)
    return Reply(f"<html><head><title>{title}</title></head><body><p>{text}</p>{anchors}</body></html>".encode())


def moved(to: str, status: int = 302) -> Reply:
    """Give a redirect."""
    return Reply(status=status, headers={"Location": to})


def site_of(pages: Mapping[str, Reply]) -> Site:
    """Give a site of these pages, by path; all else is 404."""
    return lambda path: pages.get(path, Reply(b"not here", 404))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class Web:
    """Serves `site` for as long as a block lasts, on a free port of 127.0.0.1, or of another address."""

    def __init__(self, site: Site | Mapping[str, Reply], host: str = "127.0.0.1") -> None:
        """Take the site, or its pages."""
        self.site = site if callable(site) else site_of(site)
        self.asked: Counter[str] = Counter()
        self.agents: set[str] = set()
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                web.asked[self.path] += 1
                web.agents.add(self.headers["User-Agent"])
                with suppress(ConnectionError):
                    web._answer(self, web.site(self.path))

            def log_message(self, *_: object) -> None:
                pass

        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        server = type("Server", (_Server,), {"address_family": family})
        self._server = server((host, 0), Handler)
        self._host = f"[{host}]" if ":" in host else host
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        """The site's address, without a slash at its end."""
        return f"http://{self._host}:{self._server.server_port}"

    def __enter__(self) -> Self:
        """Serve."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        handler.send_response(reply.status)
        if reply.content_type:
            handler.send_header("Content-Type", reply.content_type)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        if isinstance(reply.body, bytes):
            handler.send_header("Content-Length", str(len(reply.body)))
            handler.end_headers()
            handler.wfile.write(reply.body)
            return
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.close_connection = True
        for part in reply.body:
            handler.wfile.write(part)
