"""A file is whole, old or new."""

from pathlib import Path

import pytest

from infra.whole_file import replace_file


def test_a_file_is_made_and_replaced(tmp_path: Path) -> None:
    """Nothing lies beside it afterwards."""
    for data in (b"first", b"second"):
        replace_file(tmp_path / "file", data)
        assert (tmp_path / "file").read_bytes() == data
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    """Here for what lies in the draft's way."""
    replace_file(tmp_path / "file", b"first")
    (tmp_path / ".file.new").mkdir()
    with pytest.raises(OSError, match="directory"):
        replace_file(tmp_path / "file", b"second")
    assert (tmp_path / "file").read_bytes() == b"first"
