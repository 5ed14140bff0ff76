"""Bounds the memory of a child process: a record that asks for more is a fault, and not the end of the machine.

50 kB of HTML can make a tree of gigabytes: for every paragraph the parser opens again what was left open before.
"""

import resource
import sys
from typing import Final

MEMORY_BYTES: Final = 2 * 1024**3
"""The most that a child may have: the cleaner takes 0.1 GB for ordinary pages, 1.6 GB for the largest that it reads."""


def bound_memory(most_bytes: int = MEMORY_BYTES) -> None:
    """Make the kernel refuse this process more than `most_bytes`, on Linux; its killer would end whole containers."""
    if sys.platform == "linux":
        limit, hard = resource.getrlimit(resource.RLIMIT_DATA)
        known = [one for one in (limit, hard, most_bytes) if one != resource.RLIM_INFINITY]
        resource.setrlimit(resource.RLIMIT_DATA, (min(known), hard))
