"""How a process refuses what it was told."""

import pytest

from shared.settings import SettingsError
from shared.stream.exits import Exit
from shared.stream.refusal import refusing


def test_a_wrong_setting_is_one_message_and_an_end(capsys: pytest.CaptureFixture[str]) -> None:
    """With the code at which a supervisor leaves it down."""
    with pytest.raises(SystemExit) as ended, refusing("cleaner"):
        raise SettingsError("CACHE_URL is not set")
    assert ended.value.code == Exit.HALTED
    assert capsys.readouterr().err == "cleaner: CACHE_URL is not set\n"


def test_anything_else_is_left_alone() -> None:
    """A bug has its traceback."""
    with pytest.raises(ZeroDivisionError), refusing("cleaner"):
        raise ZeroDivisionError
