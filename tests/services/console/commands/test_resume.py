"""Tests of `millrace resume` as a shell sees it, on the real store."""

import secrets
from collections.abc import Iterator

import pytest

from shared.io.s3 import S3ObjectStore
from shared.stream.halt import HaltMarker, halt_key
from shared.stream.halts import Halts
from tests.services.console.builders import NOW, ranges
from tests.services.console.harness import Shell

pytestmark = pytest.mark.integration


@pytest.fixture
def halted(s3_store: S3ObjectStore) -> Iterator[str]:
    """Halt a service as the runner does, and name it."""
    service = f"service-{secrets.token_hex(4)}"
    marker = HaltMarker(
        service=service, at=NOW, reason="100 in a row failed", samples=("KeyError: \x1b[2J",), ranges=ranges((5, 104))
    )
    Halts(s3_store).halt(marker)
    yield service
    s3_store.delete(halt_key(service))


def test_a_halt_is_told_and_nothing_is_done_without_consent(halted: str, shell: Shell, s3_store: S3ObjectStore) -> None:
    """A person sees why, with what errors, and which records."""
    done = shell.run("resume", halted)
    marker = Halts(s3_store).read(halted)
    assert done.returncode == 1
    assert f"{halted} halted at 2026-11-24 12:00:00 UTC: 100 in a row failed." in done.stdout
    assert r"error   KeyError: \x1b[2J" in done.stdout
    assert "documents-raw-dlq/0, 5 to 104" in done.stdout
    assert marker is not None
    assert not marker.resumed


def test_a_resumed_service_may_go_on(halted: str, shell: Shell, s3_store: S3ObjectStore) -> None:
    """The marker says who agreed and when; agreeing again changes nothing."""
    first = shell.run("resume", halted, "--yes")
    marker = Halts(s3_store).read(halted)
    second = shell.run("resume", halted, "--yes")
    assert (first.returncode, second.returncode) == (0, 0)
    assert f"{halted} may go on." in first.stdout
    assert "It was resumed by" in second.stdout
    assert marker is not None
    assert marker.resumed
    assert "@" in marker.resumed_by
    assert marker == Halts(s3_store).read(halted)


def test_another_name_is_answered_with_the_halted_ones(halted: str, shell: Shell) -> None:
    """A mistyped name is easy to mend."""
    done = shell.run("resume", "nonsense", "--yes")
    assert done.returncode == 1
    assert f"nonsense is not halted. Halted: {halted}" in done.stderr


def test_where_nothing_is_halted_there_is_nothing_to_do(shell: Shell) -> None:
    """That is no failure."""
    done = shell.run("resume", "cleaner", S3_BUCKET="millrace")
    assert (done.returncode, done.stdout) == (0, "Nothing is halted.\n")
