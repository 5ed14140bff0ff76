"""A spider as a process of its own, and what is shown of it."""

from io import StringIO
from pathlib import Path

import msgspec
import pytest

from infra.local.servers import Endpoints
from services.console.crawler import Lines, Where, run_spider
from shared.contracts.crawls import CrawlReport
from tests.services.console.commands.test_crawl import SITE, flywheel
from tests.spiders.harness import make_topics
from tests.spiders.web import Web


@pytest.mark.integration
@pytest.mark.parametrize("show", ["stdout", "stderr", "nowhere"])
def test_it_gives_the_exit_code_and_the_last_report(
    servers: Endpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], show: Where
) -> None:
    """Standard output is for whoever asked for it; the limit reaches the spider."""
    make_topics(servers)
    for name, value in servers.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path))
    with Web(SITE) as web:
        source, config = flywheel(tmp_path, web)
        code, report = run_spider(source, Path(config), 1, show)

    assert report is not None
    assert (code, report.pages, report.verdict) == (0, 1, "ok")
    if show != "stdout":
        assert capfd.readouterr().out == ""


def test_a_pipe_gets_a_line_now_and_then() -> None:
    """With the source's name, at most one in five seconds, and none of the end, of which the table tells."""
    stream = StringIO()
    lines = Lines(stream)
    for seconds in range(12):
        lines(report(seconds), None)
    lines(msgspec.structs.replace(report(12), verdict="ok"), None)
    assert [line.partition(",")[0] for line in stream.getvalue().splitlines()] == [
        "docs: 0 pages",
        "docs: 50 pages",
        "docs: 100 pages",
    ]


def report(seconds: int) -> CrawlReport:
    """Build what a crawl of ten pages a second says of itself."""
    return CrawlReport(
        source="docs",
        verdict="running",
        why="",
        seconds=float(seconds),
        pages=10 * seconds,
        bytes=0,
        packs=0,
        unpublished=0,
        fetched=10 * seconds,
        queued=0,
        waiting_seconds=0.0,
        rejected={},
        skipped={},
    )


@pytest.mark.integration
def test_a_spider_that_can_t_start_says_nothing(tmp_path: Path) -> None:
    """There is no report, and the code says that it failed."""
    code, report = run_spider("nothing", tmp_path / "millrace.toml", None, "nowhere")
    assert code != 0
    assert report is None
