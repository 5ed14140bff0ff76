"""What becomes of these tests where the site can't be fetched."""

from pathlib import Path

import pytest

from tests.e2e.flywheel import WITHOUT_SITE, site_tree

pytestmark = pytest.mark.integration


def test_without_the_site_they_fail_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has run nothing must not look like what has passed."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(WITHOUT_SITE, raising=False)
    with pytest.raises(pytest.fail.Exception, match=rf"Remedy: .* {WITHOUT_SITE}=1"):
        site_tree(tmp_path / "site")


def test_they_are_left_out_where_that_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the variable, and the reason is told."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(WITHOUT_SITE, "1")
    with pytest.raises(pytest.skip.Exception, match="apt-get isn't here"):
        site_tree(tmp_path / "site")
