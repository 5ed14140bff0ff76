"""One stack for all that happens to the slice, from its first page to a corrected model; later tests find it grown."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from infra.local.home import REPOSITORY, Home
from infra.site.server import site_server
from infra.stack import STACK_FILE
from shared.datasets.store import DatasetStore
from shared.io.s3 import S3ObjectStore
from shared.settings import KafkaSettings, StoreSettings
from tests.e2e.flywheel import DATASET, NUMBERED, PAGES, SECONDS, SERVICES, site_tree, start, write_flywheel
from tests.e2e.kills import Stages, kill_amid_pages, kill_spider, stages_of
from tests.infra.local.stack_under_test import StackUnderTest


@pytest.fixture(scope="session")
def tree() -> Path:
    """Give the site's files."""
    return site_tree(Home(REPOSITORY / ".millrace").root / "sites" / "libreoffice-help")


@pytest.fixture(scope="session")
def address(tree: Path) -> Iterator[str]:
    """Serve a slice of the site."""
    with site_server(tree, pages=PAGES) as address:
        yield address


@pytest.fixture(scope="session")
def flywheel_stack(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackUnderTest]:
    """Bring the repository's stack up, all of it, for the example's flywheel on the slice; and one service to halt."""
    folder = tmp_path_factory.mktemp("flywheel")
    flywheel, file = folder / "millrace.toml", folder / "stack.toml"
    write_flywheel(address, flywheel)
    file.write_text(STACK_FILE.read_text("utf-8") + NUMBERED, "utf-8")
    stack = StackUnderTest(Home(folder / "home"), file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MILLRACE_CONFIG", str(flywheel))
        try:
            stack.up()
            yield stack
        finally:
            stack.run("nuke", "--yes")


@pytest.fixture(scope="session")
def store_settings(flywheel_stack: StackUnderTest) -> StoreSettings:
    """Give how the stack's store is reached."""
    told = flywheel_stack.environment()
    names = ("endpoint", "access_key", "secret_key", "bucket")
    return StoreSettings.model_validate({name: told[f"S3_{name.upper()}"] for name in names})


@pytest.fixture(scope="session")
def store(store_settings: StoreSettings) -> Iterator[S3ObjectStore]:
    """Give the stack's store."""
    with closing(S3ObjectStore.from_settings(store_settings)) as store:
        yield store


@pytest.fixture(scope="session")
def stages(flywheel_stack: StackUnderTest, store: S3ObjectStore) -> Iterator[Stages]:
    """Tell how far the stack's pages are."""
    kafka = KafkaSettings(bootstrap_servers=flywheel_stack.environment()["KAFKA_BOOTSTRAP_SERVERS"])
    with stages_of(kafka, DatasetStore(store, DATASET)) as stages:
        yield stages


@pytest.fixture(scope="session")
def cut_short(flywheel_stack: StackUnderTest, stages: Stages) -> str:
    """Ingest the site, from nothing, until some pages are published, and kill the crawl; gives what was said of it."""
    with start(flywheel_stack, "ingest", "--json") as ingest:
        kill_spider(ingest, lambda: 0 < stages.published() < PAGES)
        out, err = ingest.communicate(timeout=SECONDS)
    assert ingest.returncode == 1, out + err
    return err


@pytest.fixture(scope="session")
def closed(flywheel_stack: StackUnderTest, stages: Stages, cut_short: str) -> dict[str, Any]:
    """Ingest the site again, and kill each service that pages pass once it is amid them; gives the closing table."""
    assert cut_short
    with start(flywheel_stack, "ingest", "--json") as ingest:
        for service in SERVICES:
            kill_amid_pages(flywheel_stack, service, stages)
        out, err = ingest.communicate(timeout=SECONDS)
    assert ingest.returncode == 0, out + err
    table: dict[str, Any] = json.loads(out)
    return table
