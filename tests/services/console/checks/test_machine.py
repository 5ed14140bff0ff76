"""Tests of looking at the machine."""

from pathlib import Path

import pytest

from services.console.checks.machine import disk, memory, python
from services.console.core.diagnosis import Verdict


def test_this_python_is_new_enough() -> None:
    """The tests could not run otherwise."""
    assert [finding.verdict for finding in python()] == [Verdict.OK]


def test_the_disk_is_that_of_the_data_or_of_where_it_will_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first start the folder isn't there yet."""
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path / "not" / "yet"))
    (finding,) = disk()
    assert finding.seen.endswith(f"GiB free at {tmp_path}")


def test_the_memory_is_measured() -> None:
    """What is available is part of what there is."""
    (finding,) = memory()
    available, _, total, *_ = finding.seen.split()
    assert 0 < float(available) <= float(total)
