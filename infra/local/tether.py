"""Become a command that the kernel kills when its parent dies: `python -I -S tether.py PARENT_PID COMMAND...`.

Run as a file, before anything else is imported, so that it costs 15 ms. Linux alone can do it (prctl(2),
PR_SET_PDEATHSIG); elsewhere what a killed parent leaves behind is found by its environment (see processes.py).
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PARENT_GONE = 71


def tether(parent: int) -> None:
    """Ask for SIGKILL at the parent's death, and end at once if it came before the asking."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit(_PARENT_GONE)


if __name__ == "__main__":
    tether(int(sys.argv[1]))
    os.execvpe(sys.argv[2], sys.argv[2:], os.environ)  # noqa: S606 - becoming the command without a shell is the purpose
