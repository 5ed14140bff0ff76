"""What `nuke` removes, and what it leaves."""

from pathlib import Path

import pytest

from infra.local import removal
from infra.local.home import REPOSITORY, Home
from infra.local.lifecycle import nuke
from infra.local.removal import RemovalError


def fill(home: Home) -> None:
    """Write what a stack and its services write."""
    for name in ("data/s3/1.dat", "trainer/0/rows", "cache/trainer/shards/1", "cache/models/1", "cache/encoders/1"):
        path = home.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")
    home.environment_file.touch()
    home.ports_file.write_text("{}", encoding="utf-8")


def left(home: Home) -> set[str]:
    """Name the files that are left."""
    return {path.relative_to(home.root).as_posix() for path in home.root.rglob("*") if path.is_file()}


def test_what_the_stack_and_its_services_wrote_goes_and_what_was_fetched_stays(home: Home) -> None:
    """The trainer and the gateway keep pages and models beside the stack's own data."""
    fill(home)
    nuke(home)
    assert left(home) == {"cache/encoders/1"}


def test_nothing_is_left_where_nothing_was_fetched(home: Home) -> None:
    """Not even the mark, or an empty folder."""
    fill(home)
    (home.root / "cache" / "encoders" / "1").unlink()
    (home.root / "cache" / "encoders").rmdir()
    nuke(home)
    assert list(home.root.iterdir()) == []
    nuke(home)


def test_a_folder_that_was_never_a_stack_s_is_left_alone(tmp_path: Path) -> None:
    """A project has a folder `data` of its own, and the variable may be wrong."""
    home = Home(tmp_path)
    fill(home)
    before = left(home)
    with pytest.raises(RemovalError, match=r"data.*Remedy: "):
        nuke(home)
    assert left(home) == before


def test_a_folder_that_is_not_there_is_nothing_to_remove(tmp_path: Path) -> None:
    """And none is made."""
    home = Home(tmp_path / "nowhere")
    nuke(home)
    assert not home.root.exists()


def test_a_stack_of_before_there_was_a_mark_is_known_by_its_lock(home: Home) -> None:
    """The supervisor's, which is there from the first start on."""
    home.marker.unlink()
    home.lock.touch()
    fill(home)
    nuke(home)
    assert left(home) == {"cache/encoders/1"}


def test_the_repository_s_own_folder_needs_no_mark() -> None:
    """Nobody else keeps things there."""
    assert Home(REPOSITORY / ".millrace").is_stack


@pytest.mark.parametrize("name", ["data", "data/s3", "cache/trainer"])
def test_of_a_link_the_target_is_emptied(home: Home, tmp_path: Path, name: str) -> None:
    """A larger disk: whoever linked it has the link, and the folder, for the next stack."""
    disk = tmp_path / "disk"
    (disk / "deep").mkdir(parents=True)
    (disk / "deep" / "object").write_text("x", encoding="utf-8")
    link = home.root / name
    link.parent.mkdir(exist_ok=True, parents=True)
    if link.is_dir():
        link.rmdir()
    link.symlink_to(disk)
    nuke(home)
    assert list(disk.iterdir()) == []


def test_what_could_not_be_removed_is_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no success, and it can be tried again."""
    fill(home)
    with monkeypatch.context() as patch:
        patch.setattr(removal, "_delete", lambda _: None)
        with pytest.raises(RemovalError, match=str(home.data)):
            nuke(home)
    nuke(home)
    assert left(home) == {"cache/encoders/1"}
