"""What a check has seen, and when it is bad enough to say so."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

import msgspec

MIN_PYTHON: Final = (3, 11)
GIB: Final = 1024**3
# The Kafka jars, Valkey's and SeaweedFS's first files, and an environment without torch.
LEAST_DISK_BYTES: Final = 2 * GIB
# Torch takes 5 GB, and Kafka keeps a week of documents.
GOOD_DISK_BYTES: Final = 15 * GIB
MAX_SKEW_SECONDS: Final = 5.0
SECRET_MODE: Final = 0o600
_PINNED: Final = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


class Verdict(StrEnum):
    """How a thing is: fit, fit for now, or unfit."""

    OK = "ok"
    WARNING = "warning"
    FAIL = "fail"


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at: how it is, what was seen, and what to do about it."""

    subject: str
    verdict: Verdict
    seen: str
    remedy: str = ""


def judge_python(version: tuple[int, int, int]) -> Finding:
    """Judge the interpreter by its version."""
    seen = ".".join(map(str, version))
    if version[:2] >= MIN_PYTHON:
        return Finding("python", Verdict.OK, seen)
    return Finding(
        "python", Verdict.FAIL, seen, f"install Python {'.'.join(map(str, MIN_PYTHON))} or newer, then make setup"
    )


def judge_disk(free_bytes: int, place: str) -> Finding:
    """Judge the room on the disk that holds `place`."""
    seen = f"{free_bytes / GIB:.1f} GiB free at {place}"
    remedy = f"free some: {GOOD_DISK_BYTES // GIB} GiB let Kafka keep a week of documents"
    if free_bytes < LEAST_DISK_BYTES:
        return Finding("disk", Verdict.FAIL, seen, remedy)
    return (
        Finding("disk", Verdict.WARNING, seen, remedy)
        if free_bytes < GOOD_DISK_BYTES
        else Finding("disk", Verdict.OK, seen)
    )


def judge_memory(total_bytes: int, available_bytes: int, needed_bytes: int) -> Finding:
    """Judge the machine's memory by what the local stack needs."""
    seen = f"{available_bytes / GIB:.1f} of {total_bytes / GIB:.1f} GiB available"
    remedy = f"close other programs: the local stack takes up to {needed_bytes / GIB:.1f} GiB"
    if total_bytes < needed_bytes:
        return Finding(
            "memory", Verdict.FAIL, seen, "use a larger machine, or lower memory_megabytes in infra/stack.toml"
        )
    return (
        Finding("memory", Verdict.WARNING, seen, remedy)
        if available_bytes < needed_bytes
        else Finding("memory", Verdict.OK, seen)
    )


def judge_ports(part: str, takers: Mapping[int, str]) -> Finding:
    """Judge the usual ports of a part by who has each; empty for one that is free."""
    taken = ", ".join(f"{port} by {who}" for port, who in takers.items() if who)
    if not taken:
        return Finding(f"ports of {part}", Verdict.OK, f"{', '.join(map(str, takers))} free")
    remedy = "nothing, the local stack will find free ones; or stop what has them"
    return Finding(f"ports of {part}", Verdict.WARNING, f"taken: {taken}", remedy)


def judge_libraries(lock: str, installed: Mapping[str, str]) -> Finding:
    """Judge `installed` distributions by the versions that `lock` pins; what isn't installed isn't needed here.

    A lock pins several versions of one distribution where the newest needs a newer Python; each of them is right.
    """
    pinned: dict[str, list[str]] = {}
    for name, version in _PINNED.findall(lock):
        pinned.setdefault(plain_name(name), []).append(version)
    checked = {name: version for name, version in installed.items() if name in pinned}
    wrong = sorted(
        f"{name} {version} and not {' or '.join(pinned[name])}"
        for name, version in checked.items()
        if version not in pinned[name]
    )
    if wrong:
        return Finding("libraries", Verdict.FAIL, "; ".join(wrong), "make setup")
    return Finding("libraries", Verdict.OK, f"{len(checked)} as locked")


def plain_name(distribution: str) -> str:
    """Write a distribution's name in its one normal form (PEP 503)."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def judge_version(server: str, found: str, wanted: str) -> Finding:
    """Judge a server by its version; `wanted` may leave out the last part, `found` may too."""
    same = all(one == other for one, other in zip(found.split("."), wanted.split("."), strict=False))
    if found and same:
        return Finding(f"{server} version", Verdict.OK, found)
    remedy = f"run {wanted}, which the tests run against (infra/stack.toml)"
    return Finding(f"{server} version", Verdict.WARNING, found or "not told", remedy)


def judge_skew(server: str, ahead_seconds: float) -> Finding:
    """Judge the clocks by how far the server's is ahead of ours."""
    seen = f"{server} is {abs(ahead_seconds):.1f} s {'ahead' if ahead_seconds > 0 else 'behind'}"
    if abs(ahead_seconds) <= MAX_SKEW_SECONDS:
        return Finding(f"clock of {server}", Verdict.OK, seen)
    return Finding(f"clock of {server}", Verdict.FAIL, seen, "set the clocks by NTP (timedatectl set-ntp true)")


def judge_eviction(server: str, policy: str) -> Finding:
    """Judge the cache by what it does when it is full: a key that it forgets is a duplicate that we miss."""
    if policy == "noeviction":
        return Finding("cache", Verdict.OK, f"{server} answers, eviction is off")
    return Finding("cache", Verdict.FAIL, f"{server} evicts: {policy}", "set its maxmemory-policy to noeviction")


def judge_mode(path: str, mode: int) -> Finding:
    """Judge a file that holds secrets by its permissions."""
    if mode & ~SECRET_MODE:
        return Finding(path, Verdict.FAIL, f"mode {mode:o}: others may read it", f"chmod 600 {path}")
    return Finding(path, Verdict.OK, f"mode {mode:o}")


def worst(findings: Iterable[Finding]) -> Verdict:
    """Give the worst verdict of `findings`."""
    verdicts = {finding.verdict for finding in findings}
    return next((verdict for verdict in (Verdict.FAIL, Verdict.WARNING) if verdict in verdicts), Verdict.OK)
