"""Fixtures of the site's tests."""

from pathlib import Path

import pytest

from tests.infra.site.builders import plant_tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a tiny tree of help pages."""
    return plant_tree(tmp_path / "help")
