"""The usual ports: free, or ours."""

from collections.abc import Iterator

import psutil

from infra.local import control
from infra.local.ports import is_free
from infra.stack import load_stack
from services.console.core.diagnosis import Finding, Verdict, judge_ports


def ports() -> Iterator[Finding]:
    """Look at the ports of each part; where the local stack is up, at what it listens on."""
    if control.is_up():
        for unit in control.status():
            if unit.ports:
                yield Finding(f"ports of {unit.name}", Verdict.OK, f"{', '.join(map(str, unit.ports))} ours")
        return
    for name, part in load_stack().parts.items():
        yield judge_ports(name, {port: "" if is_free(port) else _taker(port) for port in part.ports.values()})


def _taker(port: int) -> str:
    """Say who listens on `port`, as far as the system tells us."""
    try:
        listeners = [
            one.pid for one in psutil.net_connections("tcp") if one.laddr and one.laddr.port == port and one.pid
        ]
        return f"{psutil.Process(listeners[0]).name()} (pid {listeners[0]})" if listeners else "another user's process"
    except psutil.Error:
        return "a process that we may not look at"
