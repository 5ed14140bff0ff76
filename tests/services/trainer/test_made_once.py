"""Tests of what is made once a machine."""

import threading
from pathlib import Path

import pytest

from services.trainer.made_once import made_once


def test_it_is_made_once(tmp_path: Path) -> None:
    """And found after that."""
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "file").write_text("whole", "utf-8")

    first, second = (made_once(tmp_path / "below" / "it", make) for _ in range(2))
    assert first == second == tmp_path / "below" / "it"
    assert (first / "file").read_text("utf-8") == "whole"
    assert len(made) == 1


def test_a_half_is_never_seen(tmp_path: Path) -> None:
    """What a killed process has left behind goes, and it is made anew."""

    def fail(folder: Path) -> None:
        (folder / "half").write_text("half", "utf-8")
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        made_once(tmp_path / "it", fail)
    assert not (tmp_path / "it").exists()
    made_once(tmp_path / "it", lambda folder: (folder / "file").touch())
    assert [path.name for path in (tmp_path / "it").iterdir()] == ["file"]


def test_who_comes_meanwhile_waits(tmp_path: Path) -> None:
    """And makes nothing itself."""
    begun, may_end = threading.Event(), threading.Event()
    made: list[str] = []

    def slow(folder: Path) -> None:
        begun.set()
        assert may_end.wait(10)
        made.append("slow")
        (folder / "file").touch()

    first = threading.Thread(target=made_once, args=(tmp_path / "it", slow))
    first.start()
    assert begun.wait(10)
    second = threading.Thread(target=made_once, args=(tmp_path / "it", lambda _: made.append("second")))
    second.start()
    assert not (tmp_path / "it").exists()
    may_end.set()
    first.join(10)
    second.join(10)
    assert made == ["slow"]
