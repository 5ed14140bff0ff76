"""The command line of the site, as the Makefile calls it: `python -m infra.site up`."""

import argparse
import os
import signal
import socket
import sys
from pathlib import Path
from threading import Thread
from typing import Final

from infra.local.home import Home, default_home
from infra.site import detached
from infra.site.content import Site
from infra.site.detached import Wanted
from infra.site.packages import fetch
from infra.site.server import PORT, SiteServer, listen
from infra.site.tree import Pages, SiteError, flat

NAME: Final = "libreoffice-help"
_POLL_SECONDS: Final = 0.05


def fetch_site(home: Home, _: argparse.Namespace) -> int:
    """Fetch the site from Debian's packages, unless it is there."""
    root = _default_root(home)
    came = fetch(root)
    _say(f"{'fetched to' if came else 'is there already:'} {root}\n{_table(Site(root).pages)}")
    return 0


def serve(home: Home, options: argparse.Namespace) -> int:
    """Serve the site until a signal comes."""
    site = Site(_root(home, options), options.limit)
    listening = listen(options.port) if options.descriptor is None else socket.socket(fileno=options.descriptor)
    server = SiteServer(site, listening)
    _say(f"{server.address}\n{_table(site.pages)}")
    for number in (signal.SIGTERM, signal.SIGINT):
        # From a thread of its own: an exception here would hit the server in the midst of handing over a connection,
        # and `shutdown` waits for the loop that this signal has interrupted.
        signal.signal(number, lambda *_: Thread(target=server.shutdown).start())
    try:
        server.serve_forever(_POLL_SECONDS)
    finally:
        server.server_close()
    return 0


def up(home: Home, options: argparse.Namespace) -> int:
    """Fetch the site, serve it in the background, and wait until it answers."""
    wanted = Wanted(_root(home, options), options.port, options.limit)
    pages = Site(wanted.root, wanted.limit).pages
    presence = detached.up(home, wanted)
    _say(f"{presence.address}, pid {presence.pid}\n{_table(pages)}")
    return 0


def down(home: Home, _: argparse.Namespace) -> int:
    """Stop the server that `up` started."""
    _say("the site is down\n" if detached.down(home) else "the site was not up\n")
    return 0


def parser() -> argparse.ArgumentParser:
    """Build the command line."""
    top = argparse.ArgumentParser(prog="python -m infra.site", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    for name, run in (("fetch", fetch_site), ("serve", serve), ("up", up), ("down", down)):
        one = commands.add_parser(name, help=run.__doc__)
        one.set_defaults(run=run)
        if run in {serve, up}:
            one.add_argument("--port", type=_port, default=PORT, help=f"0 takes a free one; {PORT} by default")
            one.add_argument("--limit", type=_count, help="only so many pages of each language, of each application")
            one.add_argument("--root", type=Path, help="another tree of pages than the one that is fetched")
        if run is serve:
            one.add_argument("--descriptor", type=int, help=argparse.SUPPRESS)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 1 with a message where it could not be done."""
    options = parser().parse_args(arguments)
    try:
        return int(options.run(default_home(), options))
    except SiteError as error:
        sys.stderr.write(f"{error}\n")
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    return 1


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("one page at least")
    return count


def _port(text: str) -> int:
    port = int(text)
    if port not in range(65_536):
        raise argparse.ArgumentTypeError("a number from 0 to 65535")
    return port


def _default_root(home: Home) -> Path:
    return detached.sites(home) / NAME


def _root(home: Home, options: argparse.Namespace) -> Path:
    """Give the tree to serve; the usual one is fetched, where it is missing."""
    if options.root is not None:
        return Path(options.root).absolute()
    root = _default_root(home)
    fetch(root)
    return root


def _table(pages: Pages) -> str:
    """Count the pages: a line an application, a column a language."""
    applications = sorted({name for of_language in pages.values() for name in of_language})
    rows = [
        [name, *(str(len(of_language.get(name, ()))) for of_language in pages.values())] for name in applications
    ] + [["all", *(str(len(flat(of_language))) for of_language in pages.values())]]
    lines = [["application", *pages], *rows]
    return "".join(f"{line[0]:<12}" + "".join(f"{cell:>8}" for cell in line[1:]) + "\n" for line in lines)
