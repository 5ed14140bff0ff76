"""Tests of looking at the libraries."""

from pathlib import Path

import pytest

from services.console.checks import libraries as module
from services.console.checks.libraries import libraries
from services.console.core.diagnosis import Verdict


def test_this_environment_is_as_locked() -> None:
    """The tests run on what users get."""
    (finding,) = libraries()
    assert (finding.verdict, finding.remedy) == (Verdict.OK, "")
    assert int(finding.seen.split()[0]) > 50


def test_another_version_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named with the one that is locked."""
    (tmp_path / "requirements.lock").write_text("msgspec==0.0.1 \\\n    --hash=sha256:00\n", "utf-8")
    monkeypatch.setattr(module, "REPOSITORY", tmp_path)
    (finding,) = libraries()
    assert finding.verdict is Verdict.FAIL
    assert "and not 0.0.1" in finding.seen


def test_an_image_has_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to compare with, and nothing to complain of."""
    monkeypatch.setattr(module, "REPOSITORY", tmp_path)
    assert [finding.verdict for finding in libraries()] == [Verdict.OK]
