"""Tests of what service images start with."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROBE = """
import os, sys
print(__name__, os.environ["STREAM_INSTANCE_ID"], sys.argv[1:], sys.modules["__main__"].__spec__.name)
"""


@pytest.mark.parametrize(
    ("given", "expected"), [({}, f"probe-{socket.gethostname()}"), ({"STREAM_INSTANCE_ID": "p-3"}, "p-3")]
)
def test_runs_the_service_under_a_name_of_its_own(tmp_path: Path, given: dict[str, str], expected: str) -> None:
    """The service sees its arguments, and runs as `python -m` would, so that its pool can start child processes."""
    package = tmp_path / "services" / "probe"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__main__.py").write_text(PROBE)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "SERVICE": "probe", **given}
    command = [sys.executable, "-m", "infra.docker.entry", "topics", "apply"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"__main__ {expected} ['topics', 'apply'] services.probe.__main__\n"
