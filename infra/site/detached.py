"""Starts the site's server by itself, in the background, and stops it: what `make site` does."""

import subprocess
import sys
import time
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

import psutil

from infra.local.home import REPOSITORY, Home
from infra.local.processes import last_lines, rotate, wait_gone
from infra.site.presence import Presence, PresenceFile
from infra.site.server import LOOPBACK, listen
from infra.site.tree import SiteError

ANSWER_SECONDS: Final = 30.0
STOP_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.02
_LINES_SHOWN: Final = 10


@dataclass(frozen=True)
class Wanted:
    """What is to be served, and where: a tree, or of its pages the first `limit` of each language, on a port."""

    root: Path
    port: int
    limit: int | None

    def is_served_by(self, presence: Presence) -> bool:
        """Say whether that process serves just this; port 0 is any."""
        same_place = self.port == 0 or presence.address.endswith(f":{self.port}")
        return same_place and (str(self.root), self.limit) == (presence.root, presence.limit)


def sites(home: Home) -> Path:
    """Give the folder of sites and of who serves them; `make nuke` leaves it alone, as it does all that was fetched."""
    return home.root / "sites"


def up(home: Home, wanted: Wanted) -> Presence:
    """Serve what is wanted in the background, wait until it answers, and give the server; a second time is harmless.

    Raises `SiteError` where another thing is served already, the port is taken, or no answer comes.
    """
    file = PresenceFile(sites(home))
    with file.sole():
        running = file.read()
        if running is None:
            return _start(home, file, wanted)
        if not wanted.is_served_by(running):
            raise SiteError(
                f"the site is up at {running.address} with {_said(running)}. Remedy: make site-down, then again."
            )
        return running


def down(home: Home) -> bool:
    """Stop the server, and say whether there was one."""
    file = PresenceFile(sites(home))
    with file.sole():
        running = file.read()
        process = running.process if running is not None else None
        if process is not None:
            _stop(process)
        file.remove()
    return process is not None


def _start(home: Home, file: PresenceFile, wanted: Wanted) -> Presence:
    home.make()
    log = home.logs / "site.log"
    rotate(log)
    # Bound here, where a person hears of a port that is taken, and handed over: it answers from the first moment on.
    with listen(wanted.port) as listening, log.open("ab") as output:
        server = subprocess.Popen(
            _command(wanted, listening.fileno()),
            cwd=REPOSITORY,
            pass_fds=[listening.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        address = f"http://{LOOPBACK}:{listening.getsockname()[1]}"
    presence = Presence(
        pid=server.pid,
        began=psutil.Process(server.pid).create_time(),
        address=address,
        root=str(wanted.root),
        limit=wanted.limit,
    )
    file.write(presence)
    try:
        _await_answer(server, address, log)
    except SiteError:
        server.kill()
        server.wait()
        file.remove()
        raise
    server.returncode = 0  # it outlives us: there is nothing to wait for, and nothing to warn of
    return presence


def _command(wanted: Wanted, descriptor: int) -> list[str]:
    limit = [] if wanted.limit is None else ["--limit", str(wanted.limit)]
    return [
        *(sys.executable, "-m", "infra.site", "serve"),
        *("--root", str(wanted.root), "--descriptor", str(descriptor), *limit),
    ]


def _await_answer(server: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    deadline = time.monotonic() + ANSWER_SECONDS
    while not _answers(address):
        if server.poll() is not None or time.monotonic() > deadline:
            lines = "\n".join(last_lines(log, _LINES_SHOWN))
            raise SiteError(f"the site's server did not start; the end of {log}:\n{lines}")
        time.sleep(_POLL_SECONDS)


def _answers(address: str) -> bool:
    connection = HTTPConnection(address.removeprefix("http://"), timeout=1)  # asks no proxy
    try:
        connection.request("HEAD", "/robots.txt")
        return connection.getresponse().status == HTTPStatus.OK
    except (HTTPException, OSError):
        return False
    finally:
        connection.close()


def _stop(process: psutil.Process) -> None:
    process.terminate()
    if not wait_gone([process], STOP_SECONDS):
        process.kill()
        wait_gone([process], ANSWER_SECONDS)


def _said(running: Presence) -> str:
    pages = "all pages" if running.limit is None else f"{running.limit} pages of each language"
    return f"{pages} of {running.root}"
