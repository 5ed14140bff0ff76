"""The signing key of a stack."""

from pathlib import Path

import pytest

from infra.local.home import Home
from infra.local.signing_key import keep_or_make_key
from shared.models.signing import Signer, Trust
from shared.settings import SigningSettings, load


def test_a_fresh_home_gets_a_key(tmp_path: Path) -> None:
    """Another start keeps it."""
    home = Home(tmp_path / "home")
    keep_or_make_key(home)
    made = Signer.from_file(home.keys / "signing.pem")
    keep_or_make_key(home)
    assert Signer.from_file(home.keys / "signing.pem").key_id == made.key_id
    assert Trust.from_folder(home.keys / "trusted").key_ids == {made.key_id}


def test_services_look_for_it_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are told the stack's folder and nothing of keys."""
    home = Home(tmp_path)
    keep_or_make_key(home)
    for name in ("SIGNING_KEY_FILE", "SIGNING_TRUSTED_FOLDER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MILLRACE_HOME", str(home.root))
    settings = load(SigningSettings)
    assert Trust.from_folder(settings.trusted_folder).open(Signer.from_file(settings.key_file).sign(b"{}")) == b"{}"


def test_a_key_that_was_taken_away_is_not_made_anew(tmp_path: Path) -> None:
    """Models of a machine that only serves are signed elsewhere."""
    home = Home(tmp_path)
    keep_or_make_key(home)
    (home.keys / "signing.pem").unlink()
    keep_or_make_key(home)
    assert not (home.keys / "signing.pem").exists()
