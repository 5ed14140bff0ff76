"""The example's flywheel, for a site that is served at a port of its own."""

from pathlib import Path
from typing import Final

from infra.local.flywheel import EXAMPLE
from infra.site.server import LOOPBACK, PORT
from shared.flywheel.config import Flywheel
from shared.flywheel.load import load_flywheel

SITE: Final = f"http://{LOOPBACK}:{PORT}"
"""Where the example's file says that its site is."""


def write_flywheel(address: str, path: Path) -> Flywheel:
    """Write the example's file to `path`, with its site at `address`, and give what it declares.

    The folder is made.
    """
    text = EXAMPLE.read_text(encoding="utf-8")
    if SITE not in text:
        raise ValueError(f"{EXAMPLE} doesn't name {SITE}, so its site can't be served elsewhere")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace(SITE, address), encoding="utf-8")
    return load_flywheel(path)
