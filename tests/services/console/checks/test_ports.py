"""Tests of looking at the usual ports."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.stack import Part, Stack
from services.console.checks import ports as module
from services.console.checks.ports import ports
from services.console.core.diagnosis import Verdict


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[int]:
    """Give a port that this process listens on, and make it the usual one of a part; the local stack is down."""
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = int(server.getsockname()[1])
        part = Part(version="1", image="x", memory_megabytes=16, ports={"client": taken}, environment={})
        monkeypatch.setattr(module, "load_stack", lambda: Stack(parts={"kafka": part}))
        yield taken


def test_a_taken_port_is_told_with_who_has_it(port: int) -> None:
    """The local stack will find another, so it is no failure."""
    (finding,) = ports()
    assert finding.verdict is Verdict.WARNING
    assert f"{port} by " in finding.seen
    assert f"(pid {os.getpid()})" in finding.seen


def test_the_usual_ports_are_looked_at_part_by_part(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Free or taken, each part has its row."""
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path))
    assert [finding.subject for finding in ports()] == ["ports of kafka", "ports of s3", "ports of cache"]
