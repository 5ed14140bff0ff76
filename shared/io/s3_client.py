"""One signed HTTP request to an S3 server, and what its answer means: fine, try again, or call a person.

URL, signature and XML are the minio SDK's. The request itself is ours, because `Minio.put_object` takes no `If-Match`
or `If-None-Match`, and because its time-outs are set once a client, where ours shrink with the time that is left.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from io import BytesIO
from types import MappingProxyType
from urllib.parse import urlunsplit

import urllib3
from minio.credentials.credentials import Credentials
from minio.helpers import BaseURL
from minio.signer import sign_v4_s3
from minio.time import to_amz_date
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.response import BaseHTTPResponse

from shared.io.object_store import StoreMisconfigured
from shared.io.retry import TransientFailure
from shared.settings import StoreSettings

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
# The last attempt gets at least this much, so a call may outlive its bound by as much.
_LEAST_SECONDS = 1.0

# What urllib3 takes of a body at once: each piece has the connect time-out, which a whole body might not meet.
_BLOCK_BYTES = 256 * 1024
_CONNECTIONS = 32

# Answers that a caller reads for himself: done, partly, absent, lost the race, beyond the end.
_DONE = frozenset({HTTPStatus.OK, HTTPStatus.NO_CONTENT, HTTPStatus.PARTIAL_CONTENT})
# What ends the headers that S3 gives with every object and every write of one.
_NEEDED_HEADERS = {
    "GET": {"etag": '"', "last-modified": "GMT"},
    "HEAD": {"etag": '"', "last-modified": "GMT"},
    "PUT": {"etag": '"', "date": "GMT"},
}
_ANSWERS = _DONE | {HTTPStatus.NOT_FOUND, HTTPStatus.PRECONDITION_FAILED, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE}
# Among them 409: AWS says so of a conditional write that met another, and of an operation that another cut off.
_TRY_AGAIN_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_TRY_AGAIN_CODE = frozenset({"RequestTimeout", "SlowDown", "InternalError", "ServiceUnavailable"})

_REMEDIES = {
    "NoSuchBucket": "create the bucket, or name another in S3_BUCKET",
    "InvalidAccessKeyId": "set S3_ACCESS_KEY to a key that the store knows",
    "SignatureDoesNotMatch": "set S3_SECRET_KEY to the secret of this S3_ACCESS_KEY",
    "RequestTimeTooSkewed": "set this machine's clock",
    "AccessDenied": "allow this S3_ACCESS_KEY to list, read, write and delete in S3_BUCKET",
    "AuthorizationHeaderMalformed": "set S3_REGION to the bucket's region",
    "PermanentRedirect": "set S3_ENDPOINT and S3_REGION to the bucket's own",
}
_USUAL_REMEDY = "check S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY and S3_BUCKET"


@dataclass(frozen=True)
class S3Request:
    """One request of the S3 API; the key "" is the bucket itself."""

    method: str
    key: str = ""
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    query: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __str__(self) -> str:
        """Name it as a log should: method and key."""
        return f"S3 {self.method} {self.key or '(bucket)'}"


class S3Client:
    """Sends signed requests to one bucket; safe for threads, which share its connections."""

    def __init__(self, settings: StoreSettings) -> None:
        """Take an endpoint with its scheme; connect to nothing yet."""
        self.endpoint = settings.endpoint
        self._bucket = settings.bucket
        self._credentials = Credentials(settings.access_key, settings.secret_key.get_secret_value())
        self._url = BaseURL(settings.endpoint, settings.region)
        self._region = settings.region
        self._pool = urllib3.PoolManager(maxsize=_CONNECTIONS, retries=False, blocksize=_BLOCK_BYTES)

    def send(self, request: S3Request, seconds_left: float) -> BaseHTTPResponse:
        """Return the whole answer to `request`: 200, 204, 206, 404 (no such key), 412 or 416.

        Raises `TransientFailure` where the next attempt may fare better, whether or not this one took effect, and
        `StoreMisconfigured` for everything else.
        """
        url, headers = self._sign(request)
        try:
            answer = self._pool.request(
                request.method,
                url,
                body=BytesIO(request.body) if request.body else None,
                headers=headers,
                timeout=urllib3.Timeout(max(_LEAST_SECONDS, seconds_left), CONNECT_SECONDS, READ_SECONDS),
                redirect=False,
                decode_content=False,  # the bytes as they were put, whatever their Content-Encoding says
            )
        except LocationParseError as error:
            raise StoreMisconfigured(f"S3_ENDPOINT is no URL: {self.endpoint}") from error
        except HTTPError as error:  # among them IncompleteRead: a body shorter than its Content-Length
            raise TransientFailure(f"{request} at {self.endpoint}: {error}") from error
        if _is_cut(request, answer):
            raise TransientFailure(f"{request} at {self.endpoint}: the answer ended in its headers")
        self._judge(request, answer)
        return answer

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.clear()

    def _sign(self, request: S3Request) -> tuple[str, dict[str, str]]:
        url = self._url.build(
            method=request.method,
            region=self._region,
            bucket_name=self._bucket,
            object_name=request.key or None,
            query_params=dict(request.query),
        )
        now = datetime.now(UTC)
        digest = hashlib.sha256(request.body).hexdigest()
        headers = dict(request.headers) | {
            "Host": url.netloc,
            "Content-Length": str(len(request.body)),
            "x-amz-content-sha256": digest,
            "x-amz-date": to_amz_date(now),
        }
        signed = sign_v4_s3(
            method=request.method,
            url=url,
            region=self._region,
            headers={**headers},
            credentials=self._credentials,
            content_sha256=digest,
            date=now,
        )
        return urlunsplit(url), headers | {"Authorization": str(signed["Authorization"])}

    def _judge(self, request: S3Request, answer: BaseHTTPResponse) -> None:
        code = _error_code(request, answer)
        said = f"{request} at {self.endpoint}: {answer.status} {code}".rstrip()
        if answer.status in _TRY_AGAIN_STATUS or code in _TRY_AGAIN_CODE:
            raise TransientFailure(said)
        if answer.status in _ANSWERS and code != "NoSuchBucket":
            return
        raise StoreMisconfigured(f"{said}; {_REMEDIES.get(code, _USUAL_REMEDY)}")


def _error_code(request: S3Request, answer: BaseHTTPResponse) -> str:
    """Return the S3 error code of an answer, "" where it has none, as a HEAD never has."""
    # AWS answers 200 before it has completed a multipart upload, and may put an error in the body after all.
    if answer.status in _DONE and request.method != "POST":
        return ""
    found = re.search(rb"<Code>(\w+)</Code>", answer.data)
    return found.group(1).decode() if found else ""


def _is_cut(request: S3Request, answer: BaseHTTPResponse) -> bool:
    """Say whether `answer` lost its end before its body began, which http.client takes for fewer headers."""
    if answer.status == HTTPStatus.NO_CONTENT or (request.method == "HEAD" and answer.status not in _DONE):
        return False
    if not {"content-length", "transfer-encoding"} & {name.lower() for name in answer.headers}:
        return True
    if answer.status not in _DONE or not request.key or request.method not in _NEEDED_HEADERS:
        return False
    return not all(answer.headers.get(name, "").endswith(end) for name, end in _NEEDED_HEADERS[request.method].items())
