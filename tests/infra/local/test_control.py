"""What the supervisor's clients see."""

import socket

import pytest

from infra.local import control
from infra.local.control import ControlError, NotRunningError
from infra.local.home import Home
from infra.local.supervisor.protocol import Action, Request


@pytest.mark.usefixtures("answering")
def test_a_request_is_answered(home: Home) -> None:
    """An answer means that the stack is up."""
    assert control.ask(Request(Action.STATUS), home).pid == 7
    assert control.is_up(home)
    assert control.status(home) == ()


@pytest.mark.usefixtures("answering")
@pytest.mark.parametrize("action", [control.start, control.stop, control.restart])
def test_a_refusal_is_raised(home: Home, action: control.OnOne) -> None:
    """With the supervisor's own words."""
    with pytest.raises(ControlError, match="no cleaner"):
        action("cleaner", home)


def test_where_nobody_listens_the_stack_is_down(home: Home) -> None:
    """Also when a killed supervisor left its socket."""
    assert not control.is_up(home)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(control.socket_path(home)))
    assert not control.is_up(home)
    with pytest.raises(NotRunningError, match="Remedy: make up"):
        control.status(home)
