"""The page at `/` to try a model by hand, and the OpenAPI document. All of it is public, and none of it changes."""

from pathlib import Path
from typing import Final

from services.gateway.route import Handle, Route
from services.gateway.state import State
from services.gateway.transport import Answer, Call

FOLDER: Final = Path(__file__).parents[1] / "page"
HTML: Final = b"text/html; charset=utf-8"
SCRIPT: Final = b"text/javascript; charset=utf-8"
STYLE: Final = b"text/css; charset=utf-8"
HEADERS: Final = [
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"cache-control", b"no-cache"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


def _file(name: str, content_type: bytes) -> Handle:
    """Make the handle of a file, which is read once."""
    sent = Answer((FOLDER / name).read_bytes(), content_type, headers=HEADERS)

    async def handle(_state: State, _call: Call) -> Answer:
        return sent

    return handle


async def document(state: State, _call: Call) -> Answer:
    """Give the OpenAPI document."""
    return Answer(state.document())


def _public(path: str, handle: Handle, summary: str, content_type: bytes) -> Route:
    return Route(method="GET", path=path, handle=handle, summary=summary, content_type=content_type, needs_key=False)


ROUTES: Final = (
    _public("/", _file("index.html", HTML), "Try it by hand", HTML),
    _public("/page.js", _file("page.js", SCRIPT), "The page's script", SCRIPT),
    _public("/page.css", _file("page.css", STYLE), "The page's style", STYLE),
    _public("/openapi.json", document, "Describe every route, as OpenAPI 3.1", b"application/json"),
)
