"""One stack for all that happens to the slice, from its first page to a corrected model; later tests find it grown."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from infra.local.home import REPOSITORY, Home
from infra.site.packages import fetch
from infra.site.server import site_server
from infra.site.tree import SiteError
from infra.stack import STACK_FILE
from shared.io.s3 import S3ObjectStore
from shared.settings import StoreSettings
from tests.e2e.flywheel import PAGES, millrace, write_flywheel
from tests.infra.local.stack_under_test import StackUnderTest


@pytest.fixture(scope="session")
def tree() -> Path:
    """Give the site's files: LibreOffice's help, from Debian's packages, fetched once a checkout."""
    root = Home(REPOSITORY / ".millrace").root / "sites" / "libreoffice-help"
    try:
        fetch(root)
    except SiteError as error:
        pytest.skip(f"no site to read: {error}")
    return root


@pytest.fixture(scope="session")
def address(tree: Path) -> Iterator[str]:
    """Serve a slice of the site."""
    with site_server(tree, pages=PAGES) as address:
        yield address


@pytest.fixture(scope="session")
def flywheel_stack(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackUnderTest]:
    """Bring the repository's stack up, all of it, for the example's flywheel on the slice."""
    folder = tmp_path_factory.mktemp("flywheel")
    flywheel = folder / "millrace.toml"
    write_flywheel(address, flywheel)
    stack = StackUnderTest(Home(folder / "home"), STACK_FILE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MILLRACE_CONFIG", str(flywheel))
        stack.up()
        yield stack
        stack.run("nuke", "--yes")


@pytest.fixture(scope="session")
def store(flywheel_stack: StackUnderTest) -> Iterator[S3ObjectStore]:
    """Give the stack's store."""
    told = flywheel_stack.environment()
    names = ("endpoint", "access_key", "secret_key", "bucket")
    settings = StoreSettings.model_validate({name: told[f"S3_{name.upper()}"] for name in names})
    with closing(S3ObjectStore.from_settings(settings)) as store:
        yield store


@pytest.fixture(scope="session")
def closed(flywheel_stack: StackUnderTest) -> dict[str, Any]:
    """Ingest the site, from nothing; gives the closing table."""
    table: dict[str, Any] = json.loads(millrace(flywheel_stack, "ingest", "--json"))
    return table
