"""What the supervisor's clients see."""

import socket

import pytest

from infra.local import control
from infra.local.control import ControlError, NotRunningError
from infra.local.home import Home
from infra.local.supervisor import state
from infra.local.supervisor.protocol import Action, Request
from infra.local.supervisor.status import StackStatus


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


@pytest.mark.parametrize(
    ("known", "remedy"), [(StackStatus(pid=4711, created=1.5), "kill -9 4711"), (None, "end its process")]
)
def test_a_supervisor_that_hangs_is_told_with_a_remedy_that_helps(
    home: Home, monkeypatch: pytest.MonkeyPatch, known: StackStatus | None, remedy: str
) -> None:
    """`make down` asks it too, so that is no remedy."""
    monkeypatch.setattr(control, "_ANSWER_SECONDS", 0.1)
    if known is not None:
        state.write(home, known)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(control.socket_path(home)))
        silent.listen()
        with pytest.raises(ControlError, match=f"{remedy}.*make up") as told:
            control.ask(Request(Action.DOWN), home)
    assert "make down" not in str(told.value)
