"""One real server: start, wait, stop, kill, freeze and start again; for tests as for the supervisor."""

import signal
import time

from infra.local.parts import KINDS
from infra.local.parts.place import PartError, Place
from infra.local.processes import Command, Process, last_lines

READY_SECONDS = 60.0
STOP_SECONDS = 15.0
_POLL_SECONDS = 0.02
_LINES_SHOWN = 15


class Server:
    """One part: the same ports and data however often it is started."""

    def __init__(self, place: Place) -> None:
        """Take charge of the part at `place`; nothing runs yet."""
        self.place = place
        self._kind = KINDS[place.name]
        self._process: Process | None = None

    @property
    def process(self) -> Process:
        """The running process; raises `PartError` when it was never started."""
        if self._process is None:
            message = f"{self.place.name} was not started"
            raise PartError(message)
        return self._process

    def start(self, command: Command | None = None) -> None:
        """Start it, without waiting, by its own command or another; the calling thread must outlive it."""
        self._process = Process(self.place.home, command or self.command())

    def command(self) -> Command:
        """Give the command that runs it; makes its folder and configuration."""
        return self._kind.command(self.place)

    def remove_strays(self) -> None:
        """Remove what it left outside its folders when it was killed."""
        self._kind.remove_strays(self.place)

    def is_ready(self) -> bool:
        """Say whether it serves its clients now."""
        try:
            return self._kind.is_ready(self.place)
        except OSError:
            return False

    def wait_ready(self, within_seconds: float = READY_SECONDS) -> None:
        """Wait until it serves; raises `PartError` with the end of its log if it ends, or stays away too long."""
        deadline = time.monotonic() + within_seconds
        while not self.is_ready():
            if (code := self.process.exit_code()) is not None:
                raise PartError(self._complaint(f"ended with {code} before it was ready"))
            if time.monotonic() > deadline:
                raise PartError(self._complaint(f"was not ready in {within_seconds:.0f} s"))
            time.sleep(_POLL_SECONDS)

    def _complaint(self, what: str) -> str:
        lines = last_lines(self.place.log, _LINES_SHOWN)
        return "\n".join([f"{self.place.name} {what}; the end of {self.place.log}:", *lines])

    def stop(self) -> None:
        """End it in an orderly way."""
        self.process.stop(STOP_SECONDS)

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        if self._process is not None:
            self._process.kill()
        self.remove_strays()

    def pause(self) -> None:
        """Freeze it (SIGSTOP): connections stay, nobody answers."""
        self.process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self.process.signal(signal.SIGCONT)
