"""The example's flywheel on a slice of its real site, and the commands that people type."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from infra.local.flywheel import EXAMPLE
from infra.local.home import REPOSITORY
from infra.site.packages import fetch
from infra.site.tree import SiteError, flat, pages_of, slice_of
from shared.datasets.live import Tombstones
from shared.datasets.rows import Row
from shared.datasets.store import DatasetStore
from shared.io.s3 import S3ObjectStore
from tests.infra.local.stack_under_test import StackUnderTest

DATASET: Final = "support-router"
SERVICES: Final = ("cleaner", "augmenter", "dataset_builder")
"""Those that pages pass, in their order."""

HALTING: Final = "halting"
NUMBERED: Final = f"""
[services.numbered]
module = "tests.shared.stream.numbered"
memory_megabytes = 256
environment = {{NUMBERED_PREFIX = "{HALTING}", NUMBERED_NAME = "numbered", STREAM_DLQ_MAX_RUN = "5"}}
"""
"""A service that halts when it is asked to, on topics of its own."""

SECONDS: Final = 600.0
"""How long a command may take, on a machine that is busy with something else."""
PAGES: Final = 100
"""Of each language."""

WITHOUT_SITE: Final = "MILLRACE_WITHOUT_SITE"
"""The variable that leaves the tests of the site out where it can't be fetched."""


def write_flywheel(address: str, file: Path) -> None:
    """Write the example's file for a slice at `address`: smaller counts, and no encoder that takes long to prepare.

    The gate tolerates more: of 60 rows that are judged, some go one way or the other by chance.
    """
    text = EXAMPLE.read_text("utf-8").replace("http://127.0.0.1:8808", address)
    text = re.sub(r"min_pages = [\d_]+\nmax_pages = [\d_]+", f"min_pages = {PAGES}\nmax_pages = {PAGES}", text)
    text = text.replace('"hashed-ngram", "e5-small-multilingual"', '"tfidf"').replace("ngrams-e5", "words")
    text = text.replace("max_slice_loss_points = 2.0", "max_loss_points = 20.0\nmax_slice_loss_points = 20.0")
    # Long enough to kill what works on it: a page a language every thirty milliseconds.
    text = text.replace("delay_seconds = 0\n", "delay_seconds = 0.03\n")
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
        out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, out + err
    return out


def site_tree(root: Path) -> Path:
    """Give the site's files below `root`: LibreOffice's help, from Debian's packages, fetched once a checkout.

    The test fails where they can't be had, and is skipped where `WITHOUT_SITE` says that this is known.
    """
    try:
        fetch(root)
    except SiteError as error:
        if os.environ.get(WITHOUT_SITE):
            pytest.skip(f"no site to read: {error}")
        pytest.fail(f"no site to read: {error} Or leave these tests out: {WITHOUT_SITE}=1.", pytrace=False)
    return root


def live_rows(store: S3ObjectStore) -> list[Row]:
    """Read every live row of the head, from the shards themselves."""
    datasets = DatasetStore(store, DATASET)
    head = datasets.head()
    assert head is not None
    rows = [row for shard in head.shards for row in datasets.read_shard(shard)]
    return list(Tombstones(head.tombstones).live(rows))


def files_of_slice(tree: Path) -> dict[str, Path]:
    """Give the slice's files by the path of their URL."""
    pages = slice_of(pages_of(tree), PAGES)
    return {f"/{page}": tree / page for language in pages for page in flat(pages[language])}
