"""Tests of how a process logs."""

import json
import logging
import os
import pty
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from shared.settings import TelemetrySettings
from shared.telemetry.logging import CHATTY_LOGGERS, STALLS, configure_logging, record_bound

log = structlog.get_logger("services.cleaner")


@pytest.fixture(autouse=True)
def _logging_restored() -> Iterator[None]:
    """Put the test run's own logging back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in set(root.handlers) - set(handlers):
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    for name in (*CHATTY_LOGGERS, STALLS):
        logging.getLogger(name).setLevel(logging.NOTSET)
    structlog.reset_defaults()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Log into a file, and give its path."""
    path = tmp_path / "logs" / "cleaner.log"
    configure_logging("cleaner", TelemetrySettings(log_file=path))
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    """Read the lines of the log."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_line_says_when_what_who_and_where(file: Path) -> None:
    """A line leads with its time, in UTC, and its event, and Chinese stays Chinese on the disk."""
    with record_bound("documents-raw", 7, "ab12"):
        log.info("document_rejected", reason="太短")
    log.info("batch_done")
    first, second = lines(file)
    assert list(first)[:4] == ["timestamp", "level", "event", "service"]
    assert first.pop("timestamp").endswith("Z")
    assert first == {
        "level": "info",
        "event": "document_rejected",
        "service": "cleaner",
        "logger": "services.cleaner",
        "reason": "太短",
        "topic": "documents-raw",
        "offset": 7,
        "document_id": "ab12",
    }
    assert "offset" not in second
    assert "太短" in file.read_text(encoding="utf-8")


def test_libraries_write_the_same_lines(file: Path) -> None:
    """What a library logs, with the standard library's words, has the same fields."""
    logging.getLogger("faust.worker").warning("rebalanced %d times", 3)
    (line,) = lines(file)
    assert (line["event"], line["level"], line["service"]) == ("rebalanced 3 times", "warning", "cleaner")
    assert line["logger"] == "faust.worker"


def test_a_chatty_library_is_held_back(file: Path) -> None:
    """A storm of one event is one line, and a library's chatter below a warning none."""
    for attempt in range(500):
        logging.getLogger("aiokafka").error("Unable connect to node with id %s", attempt)
        logging.getLogger("kafka.conn").info("connecting")
    assert [line["event"] for line in lines(file)] == ["Unable connect to node with id 0"]


def test_nonsense_from_callers_is_held_back(file: Path) -> None:
    """Whoever reaches a port could fill the disk with it; and how a server starts, the service says itself."""
    for _ in range(500):
        logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
        logging.getLogger("uvicorn.error").info("Uvicorn running on %s://%s:%d", "http", "127.0.0.1", 8080)
    assert [line["event"] for line in lines(file)] == ["Invalid HTTP request received."]


def test_a_busy_machine_is_not_logged_as_a_bug(file: Path) -> None:
    """A tenth of a second that a client's loop took is nobody's fault; its errors are told."""
    selector = logging.getLogger("kafka.net.selector")
    selector.warning("Task %r ran for %.3fs (>0.100s threshold)", "poll", 0.105)
    selector.error("a task has failed")
    assert [line["event"] for line in lines(file)] == ["a task has failed"]


def test_no_secret_is_written(file: Path) -> None:
    """Neither a field, nor a message, nor a traceback shows one."""
    url = "redis://:hunter2@cache:6379/0"
    log.info("connected", url=url, settings={"CACHE_PASSWORD": "hunter2"})
    logging.getLogger("x").warning("cannot reach %s", url)
    log.error("cache_lost", exc_info=ConnectionError(url))
    written = lines(file)
    assert [line["event"] for line in written] == ["connected", "cannot reach redis://***@cache:6379/0", "cache_lost"]
    assert written[2]["exception"].endswith("ConnectionError: redis://***@cache:6379/0")
    assert "hunter2" not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(("level", "shown"), [("debug", 3), ("info", 2), ("warning", 1), ("error", 0)])
def test_the_level_is_kept(tmp_path: Path, level: str, shown: int) -> None:
    """Nothing below the level of the settings is written."""
    configure_logging("x", TelemetrySettings.model_validate({"log_level": level, "log_file": tmp_path / "log"}))
    log.debug("one")
    log.info("two")
    log.warning("three")
    assert len(lines(tmp_path / "log")) == shown


def test_goes_on_in_a_new_file_when_the_log_is_rotated(file: Path) -> None:
    """Whoever moves the log away finds the next lines in a new file of the old name."""
    log.info("before")
    file.rename(file.with_suffix(".1"))
    log.info("after")
    assert [line["event"] for line in lines(file)] == ["after"]


def test_a_log_that_cannot_be_written_stops_nobody(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the folder gone the line is lost, which standard error tells, and the caller goes on."""
    file.unlink()
    file.parent.rmdir()
    log.info("into_nowhere")
    assert "FileNotFoundError" in capsys.readouterr().err


def test_what_no_encoding_can_say_is_escaped(file: Path) -> None:
    """A lone surrogate, as bad file names have, stops no line."""
    log.info("odd", name="\udcff")
    assert lines(file)[0]["name"] == "\udcff"


def test_warnings_are_logged(file: Path) -> None:
    """A library's warning is a line too."""
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        logging.captureWarnings(capture=True)
        warnings.warn("careful", stacklevel=1)
    assert "careful" in lines(file)[0]["event"]


def test_setting_up_twice_writes_once(file: Path) -> None:
    """The second call replaces the first."""
    configure_logging("augmenter", TelemetrySettings(log_file=file))
    log.info("once")
    assert [line["service"] for line in lines(file)] == ["augmenter"]


SCRIPT = """
import structlog
from shared.settings import TelemetrySettings
from shared.telemetry.logging import configure_logging
configure_logging("cleaner", TelemetrySettings(log_format="{format}"))
password = "hunter2"
try:
    1 / 0
except ZeroDivisionError:
    structlog.get_logger("x").exception("crashed", page="页面")
"""


def read_until(end: bytes, descriptor: int) -> str:
    """Read what was written, as far as `end`."""
    text = b""
    while end not in text:
        more = os.read(descriptor, 4096)
        if not more:
            raise EOFError(text)
        text += more
    return text.decode()


@pytest.mark.parametrize(
    ("log_format", "terminal", "pretty"),
    [("auto", True, True), ("auto", False, False), ("json", True, False), ("pretty", False, True)],
)
def test_is_pretty_on_a_terminal(log_format: str, terminal: bool, pretty: bool) -> None:
    """A person at a terminal sees plain lines, a file or a pipe takes JSON, unless told otherwise; no locals shown."""
    ours, theirs = pty.openpty() if terminal else os.pipe()
    command = [sys.executable, "-c", SCRIPT.format(format=log_format)]
    subprocess.run(command, stderr=theirs, check=True, timeout=60)
    os.close(theirs)
    text = read_until(b"division by zero", ours)
    os.close(ours)
    assert text.startswith("{") is not pretty
    assert "页面" in text
    assert "hunter2" not in text
