"""`millrace trace` as a shell sees it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.local.servers import Endpoints
from tests.services.console.chains import request_id
from tests.services.console.harness import Shell
from tests.spiders.harness import flywheel_text, make_topics


@pytest.fixture
def config(tmp_path: Path) -> str:
    """Write a flywheel with one source."""
    path = tmp_path / "millrace.toml"
    path.write_text(flywheel_text("docs", 'start_urls = ["http://127.0.0.1:1/"]'), "utf-8")
    return str(path)


def test_what_is_neither_an_address_nor_an_id_is_refused(lonely_shell: Shell, config: str) -> None:
    """With what would be right."""
    done = lonely_shell.run("trace", "page", MILLRACE_CONFIG=config)
    assert done.returncode == 1
    assert "32 hex digits, or a request id" in done.stderr


def test_a_text_goes_with_a_request_id_alone(lonely_shell: Shell, config: str) -> None:
    """A page has its own."""
    done = lonely_shell.run("trace", "0" * 32, "--text", "rotate it", MILLRACE_CONFIG=config)
    assert done.returncode == 2
    assert "--text" in done.stderr


@pytest.mark.integration
@pytest.mark.parametrize("document", ["http://site.example/nowhere", "0" * 32])
def test_a_page_that_nobody_knows_is_said_to_be_unknown(
    shell: Shell, servers: Endpoints, config: str, document: str
) -> None:
    """On real topics, with 1."""
    make_topics(servers)
    done = shell.run("trace", document, MILLRACE_CONFIG=config)
    assert done.returncode == 1
    assert f"nothing is known of {document}" in done.stderr


@pytest.mark.integration
def test_an_answer_that_nobody_gave_is_said_to_be_unknown(shell: Shell, servers: Endpoints, config: str) -> None:
    """On real topics, with 1; the whole chain is in `tests/e2e/`."""
    make_topics(servers)
    done = shell.run("trace", request_id(datetime(2026, 1, 2, tzinfo=UTC)), MILLRACE_CONFIG=config)
    assert done.returncode == 1
    assert "no answer is recorded under this id, which was made at 2026-01-02 00:00:00 UTC" in done.stderr
