"""Tests of which errors are the machine's."""

import errno
import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from safetensors import SafetensorError
from safetensors.numpy import save_file

from services.trainer.machine_faults import REMEDIES, machine_fault


@pytest.mark.parametrize("number", REMEDIES)
def test_the_machine_is_named_with_the_remedy(number: int) -> None:
    """A person reads it where the process ends."""
    told = machine_fault(OSError(number, os.strerror(number), "/cache/x"))
    assert told == f"this machine: [Errno {number}] {os.strerror(number)}: '/cache/x'. {REMEDIES[number]}."


def test_libraries_in_rust_are_understood() -> None:
    """Their errors are no `OSError`s."""
    error = SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")
    assert machine_fault(error).endswith("Make room on its disk, e.g. lower TRAINER_CACHE_MEGABYTES.")


@pytest.fixture
def small_files() -> Iterator[None]:
    """Let this process write 4,096 bytes a file, and no more."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, before)


@pytest.mark.usefixtures("small_files")
def test_safetensors_tells_the_number_of_a_real_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a limit that a test can reach, in the words in which it tells of a full disk."""
    monkeypatch.setitem(REMEDIES, errno.EFBIG, "Raise `ulimit -f`")
    with pytest.raises(SafetensorError) as caught:
        save_file({"vectors": np.zeros(4_096, np.float32)}, tmp_path / "x")
    assert machine_fault(caught.value).endswith("(os error 27). Raise `ulimit -f`.")


@pytest.mark.parametrize("error", [FileNotFoundError(errno.ENOENT, "x"), ValueError("(os error 2)"), MemoryError()])
def test_all_else_is_not_the_machines(error: Exception) -> None:
    """A run that can't find its file, or takes too much, has failed."""
    assert machine_fault(error) == ""
