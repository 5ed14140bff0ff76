"""One supervisor a stack."""

from pathlib import Path

import pytest

from infra.local.home import Home
from infra.local.supervisor.sole import AlreadyRunningError, sole_supervisor


def test_a_second_one_is_refused_while_the_first_holds_the_stack(tmp_path: Path) -> None:
    """Two `up` at once start one stack; another folder is another stack."""
    one, other = Home(tmp_path / "one"), Home(tmp_path / "other")
    with sole_supervisor(one), sole_supervisor(other), pytest.raises(AlreadyRunningError), sole_supervisor(one):
        pass
    with sole_supervisor(one):
        pass
