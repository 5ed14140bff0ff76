"""Shows a demo's progress: one line that changes on a terminal, a line now and then in a pipe."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TextIO

LINE_SECONDS: Final = 10.0
"""In a pipe, a stage that still does the same is told again so often."""

_CLEAR: Final = "\r\x1b[K"
_TITLE_WIDTH: Final = 20


@dataclass
class LineScreen:
    """Writes to `stream`, a terminal or a pipe; `clock` gives monotonic seconds."""

    stream: TextIO
    clock: Callable[[], float] = time.monotonic
    _title: str = ""
    _began: float = 0.0
    _shown: str = ""
    _shown_at: float = 0.0

    def begin(self, title: str) -> None:
        """Show that a stage begins."""
        self._title, self._began, self._shown = title, self.clock(), ""
        self._shown_at = self._began
        if self.stream.isatty():
            self.now("")

    def now(self, text: str) -> None:
        """Show how it goes."""
        line = f"{self._head(self._title, self.clock() - self._began)}  {text}".rstrip()
        if self.stream.isatty():
            # Cut to the width: a line that wraps couldn't be replaced.
            self._write(_CLEAR + line[: shutil.get_terminal_size().columns - 1])
        elif text != self._shown and self.clock() - self._shown_at > LINE_SECONDS:
            self._write(line + "\n")
            self._shown, self._shown_at = text, self.clock()

    def end(self, title: str, text: str, seconds: float) -> None:
        """Show that it is done, and what came of it."""
        line = f"{self._head(title, seconds)}  {text}".rstrip()
        self._write((_CLEAR if self.stream.isatty() else "") + line + "\n")

    def say(self, text: str) -> None:
        """Write a line of its own."""
        self._write((_CLEAR if self.stream.isatty() else "") + text + "\n")

    def _head(self, title: str, seconds: float) -> str:
        return f"{title:<{_TITLE_WIDTH}}{seconds:6.1f} s"

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()
