"""The tether, by itself; that it works is tested with the processes that it holds."""

import subprocess
import sys

import pytest

from infra.local import tether

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")


@LINUX
def test_a_command_whose_parent_is_gone_already_does_not_start() -> None:
    """Between fork and prctl the parent may die; then nobody would end the child."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", tether.__file__, "1", "echo", "started"], capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (71, b"")
