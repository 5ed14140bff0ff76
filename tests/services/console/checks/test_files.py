"""Tests of looking at the files with secrets."""

from pathlib import Path

import pytest

from services.console.checks.files import files
from services.console.core.diagnosis import Verdict
from shared.models.keys import KeyFiles
from shared.settings import SigningSettings, load


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder for the data, and an environment that says nothing."""
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path))
    monkeypatch.delenv("S3_ENDPOINT", raising=False)
    monkeypatch.delenv("SIGNING_KEY_FILE", raising=False)
    return tmp_path


def test_the_environment_file_is_looked_at(home: Path) -> None:
    """It holds the credentials of everything."""
    (home / "env").touch(mode=0o600)
    assert [(finding.subject, finding.verdict) for finding in files()] == [(str(home / "env"), Verdict.OK)]


def test_a_secret_that_others_may_read_is_a_failure(home: Path) -> None:
    """The remedy can be pasted."""
    (home / "run").mkdir()
    KeyFiles.from_settings(load(SigningSettings)).make()
    names = ("env", "keys/signing.pem", "run/cache.conf")
    for name in names:
        (home / name).touch()
        (home / name).chmod(0o644)
    found = {finding.subject: finding for finding in files()}
    assert found.keys() == {str(home / name) for name in names}
    assert {finding.verdict for finding in found.values()} == {Verdict.FAIL}
    assert found[str(home / "env")].remedy == f"chmod 600 {home / 'env'}"


def test_the_signing_key_is_looked_at_where_it_is(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting may name another place; public keys are for everybody."""
    monkeypatch.setenv("SIGNING_KEY_FILE", str(home / "vault" / "key.pem"))
    (home / "env").touch(mode=0o600)
    KeyFiles.from_settings(load(SigningSettings)).make()
    assert {finding.subject: finding.verdict for finding in files()} == {
        str(home / "env"): Verdict.OK,
        str(home / "vault" / "key.pem"): Verdict.OK,
    }


def test_without_a_file_the_environment_has_to_say_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a laptop the stack writes the file; in a cluster there is none."""
    assert [finding.verdict for finding in files()] == [Verdict.WARNING]
    monkeypatch.setenv("S3_ENDPOINT", "http://s3:8333")
    assert [finding.verdict for finding in files()] == [Verdict.OK]
    assert not (home / "env").exists()
