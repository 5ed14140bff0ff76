"""What every benchmark ends with: a table for the person, and `benchmarks/results/<area>.json` for everybody else."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import psutil
from rich.console import Console
from rich.table import Table

RESULTS: Final = Path(__file__).parent / "results"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One figure: beside its goal, where it has one, and beside what peers reached in the same run."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    comparison: str = ">="
    peers: dict[str, float] = msgspec.field(default_factory=dict)
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Say whether the goal is met; None where there is none."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.comparison == ">=" else self.value <= self.goal


def publish(area: str, rows: Sequence[Row], command: str) -> None:
    """Print `rows` and write them to the area's file, with the machine that they were measured on."""
    Console(width=max(120, shutil.get_terminal_size().columns)).print(_table(area, rows))
    report = {
        "area": area,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "machine": machine(),
        "command": command,
        "rows": [msgspec.to_builtins(row) | {"met": row.met} for row in rows],
    }
    file = RESULTS / f"{area}.json"
    file.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    sys.stdout.write(f"written to {file}\n")


def machine() -> dict[str, Any]:
    """Describe the machine: enough to compare, nothing that names it."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": platform.system(),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def _table(area: str, rows: Sequence[Row]) -> Table:
    table = Table(title=f"{area} on {_processor()}, {os.cpu_count()} cores")
    for heading in ("what", "value", "unit", "goal", "met", "peers", "note"):
        table.add_column(heading, justify="right" if heading == "value" else "left", overflow="fold")
    for row in rows:
        goal = "" if row.goal is None else f"{row.comparison} {row.goal:g}"
        met = {True: "yes", False: "NO", None: ""}[row.met]
        peers = ", ".join(f"{name} {value:,.4g}" for name, value in row.peers.items())
        table.add_row(row.name, f"{row.value:,.4g}", row.unit, goal, met, peers, row.note)
    return table


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _commit() -> str:
    git = shutil.which("git")
    if git is None:
        return "unknown"
    found = subprocess.run([git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"
