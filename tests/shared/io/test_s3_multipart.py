"""What a multipart upload leaves behind when it fails."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from urllib3.response import BaseHTTPResponse

from infra.local.servers import Endpoints
from shared.io.outage import Outage
from shared.io.s3_client import S3Client, S3Request
from shared.io.s3_multipart import PART_BYTES, upload_parts

pytestmark = pytest.mark.integration

SECONDS = 10.0

Matches = Callable[[S3Request], bool]


@pytest.fixture
def client(servers: Endpoints) -> Iterator[S3Client]:
    """Give a client of the real store."""
    with closing(S3Client(servers.s3)) as client:
        yield client


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a file of two parts and a bit."""
    (tmp_path / "big").write_bytes(b"x" * (2 * PART_BYTES + 1))
    return tmp_path / "big"


FAILS_AT: dict[str, Matches] = {
    "part": lambda request: request.query.get("partNumber") == "2",
    "completion": lambda request: request.method == "POST" and "uploadId" in request.query,
}


@pytest.mark.parametrize("fails", FAILS_AT.values(), ids=FAILS_AT)
def test_a_failed_upload_leaves_nothing(client: S3Client, path: Path, prefix: str, fails: Matches) -> None:
    """No object, and no parts that cost money and that nobody sees."""

    def send(request: S3Request) -> BaseHTTPResponse:
        if fails(request):
            raise Outage("the store is away")
        return client.send(request, SECONDS)

    with pytest.raises(Outage, match="away"):
        upload_parts(send, f"{prefix}big", path, {})
    assert client.send(S3Request("HEAD", f"{prefix}big"), SECONDS).status == 404
    assert prefix not in _uploads(client)


def test_an_upload_that_is_complete_leaves_no_parts(client: S3Client, path: Path, prefix: str) -> None:
    """After the last request there is one object and no upload."""
    done = upload_parts(lambda request: client.send(request, SECONDS), f"{prefix}big", path, {})
    head = client.send(S3Request("HEAD", f"{prefix}big"), SECONDS)

    assert done
    assert int(head.headers["Content-Length"]) == 2 * PART_BYTES + 1
    assert prefix not in _uploads(client)


def test_a_store_that_is_away_hides_no_first_failure(path: Path, client: S3Client, prefix: str) -> None:
    """When even the parts can't be removed, the failure that is told is the first."""
    begun = False

    def send(request: S3Request) -> BaseHTTPResponse:
        nonlocal begun
        if begun:
            raise Outage(f"away at {request.method}")
        begun = True
        return client.send(request, SECONDS)

    with pytest.raises(Outage, match="away at PUT"):
        upload_parts(send, f"{prefix}big", path, {})


def _uploads(client: S3Client) -> str:
    return client.send(S3Request("GET", query={"uploads": ""}), SECONDS).data.decode()
