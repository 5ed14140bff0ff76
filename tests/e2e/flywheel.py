"""The example's flywheel on a slice of its real site, and the commands that people type."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from infra.local.flywheel import EXAMPLE
from infra.local.home import REPOSITORY
from infra.local.supervisor.status import State
from infra.site.tree import flat, pages_of, slice_of
from shared.datasets.live import Tombstones
from shared.datasets.rows import Row
from shared.datasets.store import DatasetStore
from shared.io.s3 import S3ObjectStore
from tests.infra.local.stack_under_test import StackUnderTest
from tests.infra.local.waiting import until

PAGES: Final = 100
"""Of each language."""


def write_flywheel(address: str, file: Path) -> None:
    """Write the example's file for a slice at `address`: smaller counts, and no encoder that takes long to prepare."""
    text = EXAMPLE.read_text("utf-8").replace("http://127.0.0.1:8808", address)
    text = re.sub(r"min_pages = [\d_]+\nmax_pages = [\d_]+", f"min_pages = {PAGES}\nmax_pages = {PAGES}", text)
    text = text.replace('"hashed-ngram", "e5-small-multilingual"', '"tfidf"').replace("ngrams-e5", "words")
    file.write_text(text.replace("new_rows = 500", "new_rows = 100"), "utf-8")


def start(stack: StackUnderTest, *arguments: str) -> "subprocess.Popen[str]":
    """Start a `millrace` command."""
    return subprocess.Popen(
        [sys.executable, "-m", "services.console", *arguments],
        env={**os.environ, "MILLRACE_HOME": str(stack.home.root)},
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def millrace(stack: StackUnderTest, *arguments: str) -> str:
    """Run one `millrace` command against the stack; gives what it printed."""
    with start(stack, *arguments) as process:
        out, err = process.communicate(timeout=240)
    assert process.returncode == 0, out + err
    return out


def kill(stack: StackUnderTest, service: str) -> None:
    """Kill a service once it is ready, as a machine that loses its power would."""
    until(lambda: stack.units()[service].state == State.READY, 60)
    pid = stack.units()[service].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def live_rows(store: S3ObjectStore) -> list[Row]:
    """Read every live row of the head, from the shards themselves."""
    datasets = DatasetStore(store, "support-router")
    head = datasets.head()
    assert head is not None
    rows = [row for shard in head.shards for row in datasets.read_shard(shard)]
    return list(Tombstones(head.tombstones).live(rows))


def files_of_slice(tree: Path) -> dict[str, Path]:
    """Give the slice's files by the path of their URL."""
    pages = slice_of(pages_of(tree), PAGES)
    return {f"/{page}": tree / page for language in pages for page in flat(pages[language])}
