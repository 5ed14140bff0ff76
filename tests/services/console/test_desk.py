"""Tests of what the commands on dead letters work with."""

import os
import subprocess
import sys

import pytest

from infra.local.servers import Endpoints
from services.console.desk import desk, operator, runs_elsewhere
from services.console.terminal import NotDone
from tests.services.console.harness import Mail


def test_an_operator_is_a_user_on_a_machine() -> None:
    """The audit log says whom to ask."""
    assert operator().process == os.getpid()
    assert str(operator()) == f"{operator().user}@{operator().host}"
    assert operator().user


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container's user is in no passwd file."""

    def nameless() -> str:
        raise OSError("No username set in the environment")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert operator().user == str(os.getuid())


def test_this_process_is_never_another_that_still_works() -> None:
    """A process begins nothing before it has looked, so what it finds under its own number is somebody's past."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert runs_elsewhere(os.getppid())
    assert not runs_elsewhere(os.getpid())
    assert not runs_elsewhere(ended.pid)


@pytest.fixture
def _settings(servers: Endpoints, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let settings name the session's servers."""
    for name, value in servers.environment.items():
        monkeypatch.setenv(name, value)


@pytest.mark.integration
@pytest.mark.usefixtures("_settings")
def test_either_twin_names_the_dead_letters(mail: Mail) -> None:
    """A person says the topic that he knows."""
    with desk() as at_desk:
        assert at_desk.topic(mail.topic) == at_desk.topic(mail.dead) == mail.dead
        assert mail.dead in at_desk.topics()
        assert mail.topic not in at_desk.topics()


@pytest.mark.integration
@pytest.mark.usefixtures("_settings")
def test_an_unknown_topic_is_answered_with_those_there_are(mail: Mail) -> None:
    """A mistyped name is easy to mend."""
    with desk() as at_desk, pytest.raises(NotDone, match=f"no topic nonsense-dlq.*{mail.dead}"):
        at_desk.topic("nonsense")
