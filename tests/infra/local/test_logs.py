"""Showing and following logs."""

from pathlib import Path

import pytest

from infra.local.home import Home
from infra.local.logs import Follower, NoLogError, find_logs, follow, show


def write(home: Home, name: str, text: str) -> Path:
    """Write a log."""
    path = home.logs / f"{name}.log"
    path.write_text(text, encoding="utf-8")
    return path


def test_each_line_carries_its_log_s_name(home: Home) -> None:
    """Side by side, the last lines of each."""
    write(home, "kafka", "one\ntwo\nthree\n")
    write(home, "s3", "uno\n")
    assert list(show(find_logs(home, []), 2)) == ["kafka | two\n", "kafka | three\n", "s3    | uno\n"]
    assert list(show(find_logs(home, ["s3"]), 2)) == ["s3 | uno\n"]


def test_an_unknown_log_is_told_with_the_known_ones(home: Home) -> None:
    """A typing error is seen at once."""
    write(home, "kafka", "one\n")
    with pytest.raises(NoLogError, match="no log of kafak; there are kafka"):
        find_logs(home, ["kafak"])


def test_a_follower_gives_whole_lines_across_a_rotation(tmp_path: Path) -> None:
    """Half a line waits for its other half."""
    log = tmp_path / "a.log"
    log.write_text("before\n", encoding="utf-8")
    follower = Follower(log)
    with log.open("a", encoding="utf-8") as file:
        file.write("one\ntw")
    assert follower.read() == ["one"]
    with log.open("a", encoding="utf-8") as file:
        file.write("o\n")
    assert follower.read() == ["two"]
    log.rename(tmp_path / "a.log.1")
    assert follower.read() == []
    log.write_text("new\n", encoding="utf-8")
    assert follower.read() == ["new"]
    assert follower.read() == []


def test_following_goes_on_as_lines_come(home: Home) -> None:
    """What was there before is not told again."""
    path = write(home, "kafka", "old\n")

    def new_line_comes() -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write("new\n")

    assert next(follow(find_logs(home, []), wait=new_line_comes)) == "kafka | new\n"
