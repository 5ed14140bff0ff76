"""The object store on any S3 server."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Self

from minio.datatypes import parse_list_objects
from urllib3.response import BaseHTTPResponse

from shared.io.object_store import (
    CHUNK_BYTES,
    DEFAULT_CONTENT_TYPE,
    ObjectExists,
    ObjectInfo,
    ObjectNotFound,
    PreconditionFailed,
    VersionedObject,
    require_key,
    require_range,
    write_atomically,
)
from shared.io.outage import Outage
from shared.io.retry import DEFAULT_POLICY, REAL_TIME, RetryPolicy, Timing, retry
from shared.io.s3_client import S3Client, S3Request
from shared.io.s3_multipart import PART_BYTES, upload_parts
from shared.settings import StoreSettings

# Stamped on a conditional write, so that a writer whose answer was lost knows its own work when it sees it.
_WRITE_ID = "x-amz-meta-millrace-write"


class S3ObjectStore:
    """Keeps objects in one S3 bucket (see `ObjectStore`).

    A conditional write whose answer is lost is sent again, and loses to itself. It then looks for its own write id on
    the object. What stays in doubt: if another writer replaced or deleted the object in between, we report a loss
    although our write held for a moment.
    """

    def __init__(self, client: S3Client, policy: RetryPolicy = DEFAULT_POLICY, timing: Timing = REAL_TIME) -> None:
        """Bound each call by `policy`."""
        self._client = client
        self._policy = policy
        self._timing = timing

    @classmethod
    def from_settings(
        cls, settings: StoreSettings, policy: RetryPolicy = DEFAULT_POLICY, timing: Timing = REAL_TIME
    ) -> Self:
        """Return a store of the settings' bucket; connects at its first call."""
        return cls(S3Client(settings), policy, timing)

    def get(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
        """Return the bytes, or the slice of them; see `ObjectStore.get`."""
        require_range(offset, length)
        if length == 0:  # HTTP has no empty range
            self.head(key)
            return b""
        return self._get_range(key, offset, length, {})

    def get_versioned(self, key: str) -> VersionedObject:
        """Return the bytes and their version; see `ObjectStore.get_versioned`."""
        answer = self._found(S3Request("GET", key))
        return VersionedObject(answer.data, _info(key, answer))

    def chunks(self, key: str, *, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
        """Yield the object in ranges, each retried alone and each of the same version."""
        return self._chunks(self.head(key), chunk_bytes)

    def put(self, key: str, data: bytes, *, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
        """Write `data`; see `ObjectStore.put`."""
        answer = self._send(S3Request("PUT", key, data, {"Content-Type": content_type}))
        return _written(key, len(data), answer)

    def create(self, key: str, data: bytes, *, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
        """Write `data` where nothing is, or raise `ObjectExists`."""
        headers = {"Content-Type": content_type, "If-None-Match": "*"}
        info = self._write_if(S3Request("PUT", key, data, headers))
        if info is None:
            raise ObjectExists(f"{key} was created by another writer")
        return info

    def replace(self, key: str, data: bytes, *, if_match: str, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
        """Write `data` over the version `if_match`, or raise `PreconditionFailed`."""
        headers = {"Content-Type": content_type, "If-Match": f'"{if_match}"'}
        info = self._write_if(S3Request("PUT", key, data, headers))
        if info is None:
            raise PreconditionFailed(f"{key} is no longer version {if_match}")
        return info

    def head(self, key: str) -> ObjectInfo:
        """Return size, etag and time; see `ObjectStore.head`."""
        return _info(key, self._found(S3Request("HEAD", key)))

    def exists(self, key: str) -> bool:
        """Tell whether an object has this key."""
        return not _is_absent(self._send(S3Request("HEAD", key)))

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Yield the objects under `prefix`, 1,000 a request, each request retried alone."""
        token: str | None = ""
        while token is not None:
            page, token = self._page(prefix, token)
            yield from page

    def delete(self, key: str) -> None:
        """Remove an object, if it is there."""
        self._send(S3Request("DELETE", key))

    def upload(self, key: str, path: Path, *, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
        """Write a file: in one request when it is small, else in parts, three at a time."""
        if path.stat().st_size <= PART_BYTES:
            return self.put(key, path.read_bytes(), content_type=content_type)
        write_id = secrets.token_hex(16)
        done = upload_parts(self._send, key, path, {"Content-Type": content_type, _WRITE_ID: write_id})
        there = self._found(S3Request("HEAD", key))
        if not done and there.headers.get(_WRITE_ID) != write_id:
            raise Outage(f"the store lost the parts of {key} before they were one object")
        return _info(key, there)

    def download(self, key: str, path: Path) -> ObjectInfo:
        """Write one version of an object to `path`; see `ObjectStore.download`."""
        info = self.head(key)
        write_atomically(path, self._chunks(info, CHUNK_BYTES))
        return info

    def check(self) -> None:
        """Raise `StoreMisconfigured` unless we may list the bucket."""
        self._page("", "", max_keys=1)

    def close(self) -> None:
        """Close the idle connections."""
        self._client.close()

    def _send(self, request: S3Request) -> BaseHTTPResponse:
        if request.key:
            require_key(request.key)
        return retry(str(request), lambda seconds: self._client.send(request, seconds), self._policy, self._timing)

    def _found(self, request: S3Request) -> BaseHTTPResponse:
        answer = self._send(request)
        if _is_absent(answer):
            raise ObjectNotFound(request.key)
        return answer

    def _get_range(self, key: str, offset: int, length: int | None, condition: dict[str, str]) -> bytes:
        end = None if length is None else offset + length
        if (offset, end) == (0, None):
            return self._found(S3Request("GET", key, headers=condition)).data
        reach = f"bytes={offset}-{'' if end is None else end - 1}"
        answer = self._found(S3Request("GET", key, headers={"Range": reach} | condition))
        if (
            answer.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        ):  # nothing there: from the end on, or an empty object
            return b""
        # A server may ignore Range and send everything (RFC 9110 §14.2).
        return answer.data[offset:end] if answer.status == HTTPStatus.OK else answer.data

    def _chunks(self, info: ObjectInfo, chunk_bytes: int) -> Iterator[bytes]:
        same_version = {"If-Match": f'"{info.etag}"'}
        for offset in range(0, info.size, chunk_bytes):
            length = min(chunk_bytes, info.size - offset)
            try:
                chunk = self._get_range(info.key, offset, length, same_version)
            except ObjectNotFound as error:
                raise PreconditionFailed(f"{info.key} changed while it was read") from error
            yield chunk

    def _write_if(self, request: S3Request) -> ObjectInfo | None:
        """Send a conditional write; None when it lost, and to another writer."""
        require_key(request.key)
        write_id = secrets.token_hex(16)
        stamped = S3Request("PUT", request.key, request.body, dict(request.headers) | {_WRITE_ID: write_id})
        answer = self._send(stamped)
        if answer.status == HTTPStatus.OK:
            return _written(request.key, len(request.body), answer)
        there = self._send(S3Request("HEAD", request.key))
        return _info(request.key, there) if there.headers.get(_WRITE_ID) == write_id else None

    def _page(self, prefix: str, token: str, max_keys: int = 1000) -> tuple[tuple[ObjectInfo, ...], str | None]:
        query = {"list-type": "2", "prefix": prefix, "encoding-type": "url", "max-keys": str(max_keys)}
        if token:
            query["continuation-token"] = token
        objects, more, next_token, _ = parse_list_objects(self._send(S3Request("GET", query=query)))
        page = tuple(
            ObjectInfo(found.object_name, found.size or 0, found.etag or "", found.last_modified)
            for found in objects
            if found.object_name and found.last_modified and not found.is_dir
        )
        return page, next_token if more else None


def _is_absent(answer: BaseHTTPResponse) -> bool:
    # A GET or HEAD with If-Match on a missing key is 404 at AWS and may be 412 elsewhere; neither is our version.
    return answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.PRECONDITION_FAILED}


def _info(key: str, answer: BaseHTTPResponse) -> ObjectInfo:
    headers = answer.headers
    modified = parsedate_to_datetime(headers["Last-Modified"])
    return ObjectInfo(key, int(headers["Content-Length"]), headers["ETag"].strip('"'), modified)


def _written(key: str, size: int, answer: BaseHTTPResponse) -> ObjectInfo:
    date = answer.headers.get("Date")
    modified = parsedate_to_datetime(date) if date else datetime.now(UTC)
    return ObjectInfo(key, size, answer.headers["ETag"].strip('"'), modified)
