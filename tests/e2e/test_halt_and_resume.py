"""A service of the local stack that halts, and the person who lets it go on, each by the commands that people type."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.home import REPOSITORY, Home
from infra.stack import STACK_FILE
from shared.settings import StoreSettings
from tests.infra.local.stack_under_test import StackUnderTest
from tests.infra.local.waiting import until
from tests.shared.stream.harness import Flow
from tests.shared.stream.numbered.service import Numbered

pytestmark = pytest.mark.integration

PREFIX = "halting"
SERVICE = f"""
[services.numbered]
module = "tests.shared.stream.numbered"
memory_megabytes = 256
environment = {{NUMBERED_PREFIX = "{PREFIX}", NUMBERED_NAME = "numbered", STREAM_DLQ_MAX_RUN = "5"}}
"""


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[StackUnderTest]:
    """Bring up the whole stack, as the project's own file describes it, with one service that reads numbers."""
    file = tmp_path / "stack.toml"
    file.write_text(STACK_FILE.read_text(encoding="utf-8") + SERVICE, encoding="utf-8")
    stack = StackUnderTest(Home(tmp_path / "home"), file)
    try:
        stack.up()
        yield stack
    finally:
        stack.run("nuke", "--yes")


def millrace(stack: StackUnderTest, *arguments: str) -> str:
    """Run one `millrace` command against the stack; gives what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "services.console", *arguments],
        env={**os.environ, "MILLRACE_HOME": str(stack.home.root)},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_halted_service_goes_on_when_a_person_resumes_it(stack: StackUnderTest, tmp_path: Path) -> None:
    """The supervisor leaves it down and says why; `millrace resume` starts it, and it passes what halted it."""
    told = stack.environment()
    store = StoreSettings.model_validate(
        {name: told[f"S3_{name.upper()}"] for name in ("endpoint", "access_key", "secret_key", "bucket")}
    )
    flow = Flow(told["KAFKA_BOOTSTRAP_SERVERS"], store, "faust", tmp_path, PREFIX)
    flow.publish([Numbered(number=number, fate="raise") for number in range(10)], partition=0)
    until(lambda: stack.units()["numbered"].state == "halted")
    assert "millrace resume numbered" in stack.units()["numbered"].why

    assert "The local stack starts it." in millrace(stack, "resume", "numbered", "--yes")

    until(lambda: flow.count("in-dlq") == 10)
    assert stack.units()["numbered"].state != "halted"
    assert "Nothing is halted." in millrace(stack, "resume", "numbered")
