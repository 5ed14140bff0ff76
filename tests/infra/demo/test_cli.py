"""`python -m infra.demo` as a shell sees it; the demo itself is `make demo`."""

import signal

import msgspec
import pytest

from infra.demo import cli
from infra.demo.cli import main
from infra.demo.record import Record, Swap
from infra.demo.screen import LineScreen
from infra.demo.stages import DemoFailed
from infra.local.home import Home
from shared.io.outage import Outage
from tests.infra.demo.builders import record


@pytest.mark.parametrize(
    ("shown", "code", "told"),
    [
        (record(), 0, ""),
        (msgspec.structs.replace(record(), swap=Swap(requests=9, failed=1)), 1, "1 of 9 requests failed"),
        (DemoFailed("no pages"), 1, "the demo failed: no pages\n"),
        (Outage("S3 is away"), 1, "the demo failed: S3 is away\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_it_ends_with_0_only_if_all_of_it_happened(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    shown: Record | BaseException,
    code: int,
    told: str,
) -> None:
    """And says what did not."""

    def demo(_: Home, keep: bool, __: LineScreen) -> Record:
        assert not keep
        if isinstance(shown, BaseException):
            raise shown
        return shown

    monkeypatch.setattr(cli, "demo", demo)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert main([]) == code
    assert told in capsys.readouterr().err


def test_it_may_leave_its_stack_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a person who wants to look around."""
    kept: list[bool] = []

    def demo(_: Home, keep: bool, __: LineScreen) -> Record:
        kept.append(keep)
        return record()

    monkeypatch.setattr(cli, "demo", demo)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert main(["--keep"]) == 0
    assert kept == [True]
