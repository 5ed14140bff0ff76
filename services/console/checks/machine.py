"""The machine: Python, disk, memory."""

import sys
from collections.abc import Iterator

import psutil

from infra.stack import load_stack
from services.console.core.diagnosis import Finding, judge_disk, judge_memory, judge_python
from shared.settings import home

_MEGABYTE = 1024**2


def python() -> Iterator[Finding]:
    """Look at the interpreter."""
    yield judge_python(sys.version_info[:3])


def disk() -> Iterator[Finding]:
    """Look at the room where the local stack keeps its data, or will."""
    place = next(path for path in (home(), *home().parents) if path.exists())
    yield judge_disk(psutil.disk_usage(str(place)).free, str(place))


def memory() -> Iterator[Finding]:
    """Look at the memory, and at what the local stack takes of it."""
    stack = load_stack()
    megabytes = sum(part.memory_megabytes for part in stack.parts.values())
    megabytes += sum(service.memory_megabytes * service.replicas for service in stack.services.values())
    found = psutil.virtual_memory()
    yield judge_memory(found.total, found.available, megabytes * _MEGABYTE)
