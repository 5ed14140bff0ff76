"""Fixtures of the trainer's tests."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from infra.local.servers import Endpoints
from shared.io.s3 import S3ObjectStore
from tests.services.trainer.world import World


@pytest.fixture
def world(servers: Endpoints, tmp_path: Path) -> Iterator[World]:
    """Give a flywheel of its own on the session's servers."""
    with closing(S3ObjectStore.from_settings(servers.s3)) as store:
        made = World(store, endpoints=servers, folder=tmp_path)
        with closing(made.admin):
            yield made


@pytest.fixture(scope="session")
def tiny_graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export a tiny transformer, whose own files are in `tiny`, once for all tests that ask its graphs."""
    from services.trainer.export import export, load_transformer  # noqa: PLC0415 - only these tests need torch
    from tests.services.trainer.tiny_bert import tiny_bert  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("graphs")
    export(load_transformer(tiny_bert(folder / "tiny")), folder)
    return folder
