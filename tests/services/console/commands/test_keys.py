"""Tests of `millrace keys`, in a home of their own."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.console.cli import app
from services.console.terminal import NotDone
from shared.io.outage import Misconfigured
from shared.models.signing import Signer, Trust


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of a fresh home's keys."""
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path))
    for name in ("SIGNING_KEY_FILE", "SIGNING_TRUSTED_FOLDER"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "keys"


def said(*arguments: str) -> str:
    """Run `millrace keys signing` and give what it said; what it raises is raised."""
    result = CliRunner().invoke(app, ["keys", "signing", *arguments])
    if result.exception is not None:
        raise result.exception
    return result.output


def test_a_key_is_made_and_not_overwritten(keys: Path) -> None:
    """Its id is told, and where its files are."""
    told = said("init")
    made = Signer.from_file(keys / "signing.pem").key_id
    assert f"Key {made} signs" in told
    assert str(keys / "trusted" / f"{made}.pem") in told
    with pytest.raises(NotDone, match="it stays"):
        said("init")
    assert Signer.from_file(keys / "signing.pem").key_id == made


def test_a_key_is_shown(keys: Path) -> None:
    """Which signs, since when, its fingerprint, its file; and without any key, how to make one."""
    assert "Make one: millrace keys signing init" in said("show")
    assert json.loads(said("show", "--json"))["signs"] is None
    said("init")
    told = json.loads(said("show", "--json"))
    (key,) = told["trusted"]
    assert (key["key_id"], key["signs"], key["file"]) == (told["signs"], True, f"{keys}/trusted/{told['signs']}.pem")
    assert key["fingerprint"].startswith(key["key_id"])
    table = said("show").splitlines()
    assert [line.split()[:2] for line in table] == [["key", "since"], [told["signs"], "signs"]]


def test_a_rotation_asks_and_keeps_what_was_signed(keys: Path) -> None:
    """The old key is believed on, and its file named for whom it was stolen from."""
    with pytest.raises(Misconfigured, match="init"):
        said("rotate", "--yes")
    said("init")
    old = Signer.from_file(keys / "signing.pem")
    with pytest.raises(NotDone, match="Say --yes"):
        said("rotate")
    told = said("rotate", "--yes")
    new = Signer.from_file(keys / "signing.pem")
    assert new.key_id != old.key_id
    for words in (f"Key {new.key_id} signs", f"rm {keys}/trusted/{old.key_id}.pem", "Nothing needs to be started"):
        assert words in told
    assert Trust.from_folder(keys / "trusted").open(old.sign(b"{}")) == b"{}"
    shown = json.loads(said("show", "--json"))["trusted"]
    assert [(key["key_id"], key["signs"]) for key in shown] == [(old.key_id, False), (new.key_id, True)]


def test_a_key_that_nobody_believes_is_told(keys: Path) -> None:
    """Its models would be refused; and a rotation away from it doesn't believe it again."""
    said("init")
    made = Signer.from_file(keys / "signing.pem").key_id
    (keys / "trusted" / f"{made}.pem").unlink()
    assert f"Key {made} in {keys}/signing.pem signs, and is not believed" in said("show")
    assert f"Key {made} signs no more, and was not believed." in said("rotate", "--yes")


def test_a_broken_key_is_told_and_rotated(keys: Path) -> None:
    """There need be nothing readable in it."""
    said("init")
    (keys / "signing.pem").write_bytes(b"broken")
    assert "Nothing is signed here" in said("show")
    assert "could not be read" in said("rotate", "--yes")
    assert "Nothing is signed here" not in said("show")


def test_a_place_that_cannot_be_written_is_told(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the settings that name another."""
    keys.write_text("a file, not a folder")
    with pytest.raises(NotDone, match=r"can't be written: .*SIGNING_KEY_FILE"):
        said("init")
    monkeypatch.setenv("SIGNING_KEY_FILE", str(keys.with_name("other") / "signing.pem"))
    monkeypatch.setenv("SIGNING_TRUSTED_FOLDER", str(keys.with_name("other")))
    assert "signs from now on" in said("init")
