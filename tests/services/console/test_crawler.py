"""A spider as a process of its own, and what is shown of it."""

from pathlib import Path

import pytest

from infra.local.servers import Endpoints
from services.console.crawler import run_spider
from tests.services.console.commands.test_crawl import SITE, flywheel
from tests.spiders.harness import make_topics
from tests.spiders.web import Web

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("quiet", [True, False])
def test_it_gives_the_exit_code_and_the_last_report(
    servers: Endpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], quiet: bool
) -> None:
    """Quiet or not; the limit reaches the spider."""
    make_topics(servers)
    for name, value in servers.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path))
    with Web(SITE) as web:
        source, config = flywheel(tmp_path, web)
        code, report = run_spider(source, Path(config), 1, quiet=quiet)

    assert report is not None
    assert (code, report.pages, report.verdict) == (0, 1, "ok")
    if quiet:
        assert capfd.readouterr().out == ""


def test_a_spider_that_can_t_start_says_nothing(tmp_path: Path) -> None:
    """There is no report, and the code says that it failed."""
    code, report = run_spider("nothing", tmp_path / "millrace.toml", None, quiet=True)
    assert code != 0
    assert report is None
