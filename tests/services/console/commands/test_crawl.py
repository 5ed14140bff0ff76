"""Tests of `millrace crawl` as a shell sees it, on real servers and a real site."""

import json
import os
import pty
import re
import secrets
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.services.console.harness import Shell
from tests.spiders.harness import ROOT, flywheel_text, wait_until
from tests.spiders.web import Reply, Web, page

pytestmark = pytest.mark.integration

SITE = {"/": page("/a", "/gone", "/pdf.pdf"), "/a": page("/")}


def endless(path: str) -> Reply:
    """Give a site where each page leads to five others."""
    return page(*(f"/{path.strip('/')}{number}" for number in range(5)))


def flywheel(folder: Path, web: Web, more: str = "") -> tuple[str, str]:
    """Write a flywheel that reads `web`; give its source and its file."""
    source = f"s{secrets.token_hex(4)}"
    path = folder / "millrace.toml"
    path.write_text(flywheel_text(source, f'start_urls = ["{web.url}/"]\n{more}'), "utf-8")
    return source, str(path)


def rows(table: str) -> dict[str, str]:
    """Read the closing table."""
    return {line.rpartition("  ")[0].strip(): line.rpartition("  ")[2] for line in table.splitlines() if "  " in line}


def test_a_crawl_ends_with_a_table(ready_shell: Shell, tmp_path: Path) -> None:
    """Pages, bytes, packs, rejections by reason, seconds; and the verdict."""
    with Web(SITE) as web:
        source, config = flywheel(tmp_path, web)
        done = ready_shell.run("crawl", source, "--config", config)
    told = rows(done.stdout)
    assert done.returncode == 0, done.stderr
    assert (told["pages published"], told["pages fetched"], told["rejected: http-404"]) == ("2", "3", "1")
    assert {"megabytes received", "packs in S3", "seconds", "pages a second"} <= set(told)
    assert done.stdout.endswith("ok: as many pages as expected.\n")


def test_too_few_pages_fail(ready_shell: Shell, tmp_path: Path) -> None:
    """With 1, and why; the table comes first."""
    with Web(SITE) as web:
        source, config = flywheel(tmp_path, web, "[sources.expected]\nmin_pages = 30")
        done = ready_shell.run("crawl", source, MILLRACE_CONFIG=config)
    assert (done.returncode, rows(done.stdout)["pages published"]) == (1, "2")
    assert "2 pages, and at least 30 are expected." in done.stderr


def test_a_look_at_a_few_pages_is_no_failure(ready_shell: Shell, tmp_path: Path) -> None:
    """That fewer came than are expected is said, and not held against it."""
    with Web(SITE) as web:
        source, config = flywheel(tmp_path, web, "[sources.expected]\nmin_pages = 30")
        done = ready_shell.run("crawl", source, "--config", config, "--page-limit", "1", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["pages"], told["verdict"]) == (0, 1, "ok")
    assert "at least 30 were not checked for" in told["why"]


def test_an_unknown_source_is_answered_with_those_there_are(lonely_shell: Shell, tmp_path: Path) -> None:
    """Before anything is started."""
    with Web(SITE) as web:
        source, config = flywheel(tmp_path, web)
        done = lonely_shell.run("crawl", "nonsense", "--config", config)
    assert done.returncode == 1
    assert f"there is no source nonsense in {config}. There are: {source}" in done.stderr


def test_a_missing_file_is_named(lonely_shell: Shell, tmp_path: Path) -> None:
    """With what is wrong."""
    done = lonely_shell.run("crawl", "site", "--config", str(tmp_path / "none.toml"))
    assert done.returncode == 1
    assert "none.toml" in done.stderr


def test_ctrl_c_is_passed_on(ready_shell: Shell, tmp_path: Path) -> None:
    """The crawl stops in order, and its table is still shown; a command that follows does not run."""
    with Web(endless) as web:
        source, config = flywheel(tmp_path, web)
        running = ready_shell.start("crawl", source, "--config", config)
        assert running.process.stdout is not None
        first = running.process.stdout.readline()
        wait_until(lambda: web.asked.total() > 30, "thirty pages")
        running.process.send_signal(signal.SIGINT)
        done = running.wait()
    assert done.returncode == 1
    assert "it was stopped before its end (shutdown); what was fetched is published." in done.stderr
    assert int(rows(done.stdout)["pages published"]) > 10
    assert "a second" in first


def test_a_terminal_shows_one_line_that_changes(ready_shell: Shell, tmp_path: Path) -> None:
    """And the table below it at the end."""
    ours, theirs = pty.openpty()
    with Web(endless) as web:
        source, config = flywheel(tmp_path, web)
        command = [sys.executable, "-m", "services.console", "crawl", source, "--config", config, "--page-limit", "150"]
        environment = os.environ | ready_shell.environment | {"MILLRACE_HOME": str(tmp_path), "TERM": "xterm"}
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=theirs, stdin=theirs) as process:
            os.close(theirs)
            shown = read_all(ours)
    assert process.returncode == 0
    assert re.search(r"\r.*[\d,]+ pages, [\d,]+ a second, [\d,]+ queued", shown)
    assert re.search(r"pages published +150", shown)


def read_all(terminal: int) -> str:
    """Read a terminal until the other side has closed it."""
    parts = []
    with suppress(OSError):
        while part := os.read(terminal, 65_536):
            parts.append(part)
    os.close(terminal)
    return b"".join(parts).decode()


def test_a_crawl_that_dies_is_told(lonely_shell: Shell, tmp_path: Path) -> None:
    """Its own message is passed on; that it said nothing of pages is said."""
    with Web(SITE) as web:
        source, config = flywheel(tmp_path, web)
        done = lonely_shell.run("crawl", source, "--config", config, SPIDERS_CONTACT="no contact")
    assert done.returncode == 1
    assert "SPIDERS_CONTACT" in done.stderr
    assert "ended with 78" in done.stderr
