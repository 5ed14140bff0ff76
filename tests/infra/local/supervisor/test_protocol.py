"""What goes over the control socket."""

import os

import msgspec
import pytest

from infra.local.supervisor.protocol import Action, Reply, Request


@pytest.mark.parametrize("action", list(Action))
def test_a_request_survives_the_socket(action: Action) -> None:
    """Every action has its word."""
    request = Request(action, "cleaner")
    assert msgspec.json.decode(msgspec.json.encode(request), type=Request) == request


def test_a_reply_names_the_process_that_made_it() -> None:
    """A client waits for that pid's end after DOWN."""
    assert msgspec.json.decode(msgspec.json.encode(Reply()), type=Reply).pid == os.getpid()
