"""Fixtures of the spiders' tests: a source on real servers."""

import secrets
from pathlib import Path

import pytest

from infra.local.servers import Endpoints
from tests.spiders.harness import Site, make_topics


@pytest.fixture(scope="session")
def topics(servers: Endpoints) -> Endpoints:
    """Give the session's servers with the topics of a crawl on them."""
    make_topics(servers)
    return servers


@pytest.fixture
def site(topics: Endpoints, tmp_path: Path) -> Site:
    """Give a source of a name that no other test has."""
    return Site(topics, f"s{secrets.token_hex(5)}", tmp_path)
