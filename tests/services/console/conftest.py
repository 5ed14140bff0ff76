"""Fixtures of the console's tests: a shell, and a topic with dead letters."""

from pathlib import Path

import pytest

from infra.local.servers import Endpoints
from shared.contracts.topics import DOCUMENTS_RAW
from shared.io.retry import RetryPolicy
from shared.io.s3 import S3ObjectStore
from tests.services.console.answers import Place, taught
from tests.services.console.documents import raw
from tests.services.console.harness import Mail, Shell
from tests.spiders.harness import make_topics


@pytest.fixture
def shell(servers: Endpoints, tmp_path: Path) -> Shell:
    """Give a shell whose settings are the session's servers."""
    return Shell(dict(servers.environment), tmp_path)


@pytest.fixture
def ready_shell(shell: Shell, servers: Endpoints) -> Shell:
    """Give a shell on servers that have the topics."""
    make_topics(servers)
    return shell


@pytest.fixture
def lonely_shell(tmp_path: Path) -> Shell:
    """Give a shell whose settings name servers that nobody runs."""
    return Shell(
        {
            "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
            "S3_ENDPOINT": "http://127.0.0.1:1",
            "S3_ACCESS_KEY": "nobody",
            "S3_SECRET_KEY": "nothing",
        },
        tmp_path,
    )


@pytest.fixture
def mail(servers: Endpoints) -> Mail:
    """Give a fresh topic and its dead letters."""
    return Mail.make(servers)


@pytest.fixture
def s3_store(servers: Endpoints) -> S3ObjectStore:
    """Give the session's store."""
    return S3ObjectStore.from_settings(servers.s3, RetryPolicy(total_seconds=10))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Give a platform with a page, a dataset version of it, and a model."""
    place = Place(tmp_path)
    place.topics.send(DOCUMENTS_RAW, raw("rotating"))
    place.topics.send(DOCUMENTS_RAW, raw("notes"))
    place.store.put("raw/site/pack.warc.gz", b"pack")
    place.commit(
        1,
        [taught("rotating", "How to rotate it"), taught("notes", "Footnotes"), taught("cells", "Rotate it", "calc")],
        [taught("rotating", "rotate it", op="swap"), taught("tips", "rotate it", kind="title")],
    )
    place.publish(1)
    return place
