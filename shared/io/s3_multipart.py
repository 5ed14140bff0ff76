"""Writes a large file to S3 in parts, each retried alone."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from html import escape, unescape
from http import HTTPStatus
from pathlib import Path
from typing import TypeAlias

from urllib3.response import BaseHTTPResponse

from shared.io.outage import Outage
from shared.io.s3_client import S3Request

Send: TypeAlias = Callable[[S3Request], BaseHTTPResponse]

# S3: parts of 5 MiB or more (but for the last), at most 10,000 of them.
PART_BYTES = 8 * 1024 * 1024
_MAX_PARTS = 10_000
_PARTS_AT_ONCE = 3


@dataclass(frozen=True)
class _Upload:
    """A multipart upload that the store has begun."""

    send: Send
    key: str
    upload_id: str
    path: Path
    part_bytes: int

    def part(self, number: int) -> str:
        """Send one part, counted from 1, and return its etag in quotes."""
        with self.path.open("rb") as file:
            file.seek((number - 1) * self.part_bytes)
            body = file.read(self.part_bytes)
        query = {"partNumber": str(number), "uploadId": self.upload_id}
        return str(self.send(S3Request("PUT", self.key, body, query=query)).headers["ETag"])

    def complete(self, etags: Sequence[str]) -> bool:
        """Make the parts one object; False when the store no longer knows the upload."""
        parts = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(etag)}</ETag></Part>"
            for number, etag in enumerate(etags, start=1)
        )
        body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
        answer = self.send(S3Request("POST", self.key, body, query={"uploadId": self.upload_id}))
        return answer.status == HTTPStatus.OK

    def abort(self) -> None:
        """Remove the parts."""
        self.send(S3Request("DELETE", self.key, query={"uploadId": self.upload_id}))


def upload_parts(send: Send, key: str, path: Path, headers: Mapping[str, str]) -> bool:
    """Write the file at `path` to `key`; the object appears at the last request, whole.

    Returns False when the last request found no upload: it had been completed already, if a first answer was lost.
    Raises what `send` raises, and then leaves no parts behind unless the store is away.
    """
    size = path.stat().st_size
    part_bytes = max(PART_BYTES, math.ceil(size / _MAX_PARTS))
    upload = _Upload(send, key, _begin(send, key, headers), path, part_bytes)
    try:
        with ThreadPoolExecutor(_PARTS_AT_ONCE) as threads:
            etags = tuple(threads.map(upload.part, range(1, math.ceil(size / part_bytes) + 1)))
        return upload.complete(etags)
    except BaseException:
        # The first failure is the one to tell; what an outage leaves behind, the store's life-cycle rule sweeps.
        with suppress(Outage):
            upload.abort()
        raise


def _begin(send: Send, key: str, headers: Mapping[str, str]) -> str:
    answer = send(S3Request("POST", key, headers=headers, query={"uploads": ""}))
    found = re.search(rb"<UploadId>([^<]+)</UploadId>", answer.data)
    if not found:
        raise Outage(f"S3 began no upload of {key}: {answer.status}")
    return unescape(found.group(1).decode())
