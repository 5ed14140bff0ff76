"""`millrace ingest` as a shell sees it; the whole way is in `tests/e2e/test_page_to_dataset.py`."""

from pathlib import Path

import pytest

from infra.local.supervisor.status import State, UnitStatus
from services.console.commands.ingest import down_for_good
from tests.services.console.harness import Shell
from tests.spiders.harness import flywheel_text


@pytest.fixture
def config(tmp_path: Path) -> str:
    """Write a flywheel with one source."""
    path = tmp_path / "millrace.toml"
    path.write_text(flywheel_text("docs", 'start_urls = ["http://127.0.0.1:1/"]'), "utf-8")
    return str(path)


def test_a_source_that_isn_t_there_is_refused_with_those_that_are(lonely_shell: Shell, config: str) -> None:
    """Before anything is started or asked."""
    done = lonely_shell.run("ingest", "docs", "dosc", MILLRACE_CONFIG=config)
    assert done.returncode == 1
    assert f"no source dosc in {config}. There are: docs" in done.stderr


def test_a_flywheel_that_isn_t_there_is_wrong_usage(lonely_shell: Shell, tmp_path: Path) -> None:
    """The message names the file and the variable."""
    done = lonely_shell.run("ingest", MILLRACE_CONFIG=str(tmp_path / "none.toml"))
    assert done.returncode == 2
    assert "none.toml" in done.stderr


def _unit(name: str, state: State, why: str = "") -> UnitStatus:
    return UnitStatus(name, "service", state, None, (), None, 0, 0.0, why)


def test_a_service_is_down_for_good_where_none_of_its_units_runs_or_will() -> None:
    """A killed one comes back by itself; of two replicas one is enough."""
    units = [
        _unit("cleaner-1", State.HALTED, "halted: no disk"),
        _unit("cleaner-2", State.READY),
        _unit("augmenter", State.RESTARTING, "killed by SIGKILL"),
        _unit("dataset_builder", State.HALTED, "halted: a gap"),
        _unit("curator", State.STOPPED),
    ]
    assert down_for_good(units) == {
        "dataset_builder": "halted: a gap (when mended: millrace resume dataset_builder)",
        "curator": "It was stopped; make up starts it.",
    }


@pytest.mark.integration
def test_a_crawl_that_fails_fails_the_ingestion(ready_shell: Shell, config: str) -> None:
    """A site that is away brings fewer pages than expected."""
    done = ready_shell.run("ingest", MILLRACE_CONFIG=config)
    assert done.returncode == 1
    assert "docs: 0 pages, and at least 1 are expected" in done.stderr
