"""Where the local stack keeps things: `.millrace` in the repository, or the folder that `MILLRACE_HOME` names."""

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DOWNLOADS = REPOSITORY / ".millrace" / "cache"
"""What `make setup` fetched. Not under `MILLRACE_HOME`: every stack on the machine shares it, and `nuke` spares it."""

_BELONGINGS = ("data", "logs", "keys", "trainer", "cache/trainer", "cache/models", "env", "ports.json", "run")
_SOCKET_PATH_LIMIT = 90
"""Bytes. A unix socket's path ends at 104 (macOS) or 108 (Linux), and servers append a little to ours."""


@dataclass(frozen=True)
class Home:
    """The folders and files of one stack."""

    root: Path

    @property
    def data(self) -> Path:
        """What must outlive `down`: a folder for each part."""
        return self.root / "data"

    @property
    def logs(self) -> Path:
        """A log for each part and service."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """What only matters while the stack runs: configuration, state, sockets, temporary files."""
        return self.root / "run"

    @property
    def environment_file(self) -> Path:
        """Endpoints and credentials for clients, KEY=VALUE lines."""
        return self.root / "env"

    @property
    def keys(self) -> Path:
        """The key that signs models, and those that are believed."""
        return self.root / "keys"

    @property
    def ports_file(self) -> Path:
        """The ports chosen last time."""
        return self.root / "ports.json"

    @property
    def sockets(self) -> Path:
        """A folder whose path is short enough for a unix socket: `run`, or one in the temporary folder."""
        if len(os.fsencode(self.run)) <= _SOCKET_PATH_LIMIT - len("/control.sock"):
            return self.run
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"millrace-{os.getuid()}-{digest}"

    @property
    def lock(self) -> Path:
        """What the stack's supervisor holds while it runs."""
        return self.run / "supervisor.lock"

    @property
    def marker(self) -> Path:
        """What says that the folder is a stack's, and no project that has a `data` of its own."""
        return self.root / ".millrace-stack"

    @property
    def is_stack(self) -> bool:
        """Whether what is here by the name of a belonging was written by a stack."""
        return self.root == REPOSITORY / ".millrace" or self.marker.exists() or self.lock.exists()

    @property
    def belongings(self) -> tuple[Path, ...]:
        """What the stack and its services write, there or not; the rest of `cache` was fetched."""
        return tuple(self.root / name for name in _BELONGINGS)

    def held(self) -> list[Path]:
        """List the belongings that are there; an empty folder isn't one."""
        return [path for path in self.belongings if (any(path.iterdir()) if path.is_dir() else path.exists())]

    def make(self) -> None:
        """Create the folders, for this user's eyes alone, and mark them as a stack's unless they held things before."""
        is_ours = self.is_stack or not self.held()
        for folder in (self.root, self.data, self.logs, self.run, self.sockets):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.sockets.stat().st_uid != os.getuid():
            message = (
                f"{self.sockets} belongs to somebody else. Remedy: set MILLRACE_HOME to a folder with a shorter path."
            )
            raise PermissionError(message)
        if is_ours:
            self.marker.touch(mode=0o600)

    def remove_sockets(self) -> None:
        """Remove the sockets' folder, where it isn't `run`: a stack that is gone leaves nothing outside its own."""
        if self.sockets != self.run:
            shutil.rmtree(self.sockets, ignore_errors=True)


def default_home() -> Home:
    """Give the stack that `MILLRACE_HOME` names, by default the repository's own."""
    return Home(Path(os.environ.get("MILLRACE_HOME") or REPOSITORY / ".millrace").absolute())
