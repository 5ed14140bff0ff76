"""Asks a gateway over HTTP, as a customer does: classify a text, say what the answer should have been."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, TypeVar

import msgspec
import urllib3
from urllib3.exceptions import HTTPError, LocationParseError

from shared.contracts.predictions import FeedbackKind
from shared.io.outage import Misconfigured, Outage

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 30.0

T = TypeVar("T")


class Refused(Exception):
    """The gateway answered, and did not do what was asked; the message is its own, with the `status`."""

    def __init__(self, status: int, why: str) -> None:
        """Keep both."""
        super().__init__(f"{status}: {why}")
        self.status = status


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the gateway made of a text; `request_id` names the answer, in feedback and in traces."""

    request_id: str
    label: str
    probabilities: dict[str, float]
    model: str
    model_version: int


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Feedback that the gateway has taken: whether the next version may learn it, and whether it needs no review."""

    feedback_id: str
    trains: bool
    accepted: bool


class _Health(msgspec.Struct, frozen=True):
    ok: bool
    reason: str


class _Problem(msgspec.Struct, frozen=True):
    """An answer as application/problem+json (RFC 9457), or the `reason` of a gateway that isn't ready."""

    title: str = ""
    detail: str = ""
    reason: str = ""


class GatewayClient:
    """Asks one gateway with one key, each request once; safe for threads.

    Every call may raise `Outage` where no answer comes, and `Refused`.
    """

    def __init__(self, url: str, key: str, answer_seconds: float = ANSWER_SECONDS) -> None:
        """Ask at `url`, http://host:port; connect to nothing yet."""
        self.url = url
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._pool = urllib3.PoolManager(
            maxsize=4, retries=False, timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=answer_seconds)
        )

    def classify(self, text: str, *, consent: bool = False) -> Answer:
        """Give the label of `text`; with `consent` the gateway may keep the text beside its answer."""
        return self._ask("POST", "/v1/classify", Answer, {"text": text, "consent": consent})

    def correct(self, request_id: str, label: str, text: str) -> Kept:
        """Say what the answer should have been to `text`, with consent to train on it."""
        kind = FeedbackKind.CORRECTION.value
        told = {"request_id": request_id, "kind": kind, "label": label, "text": text, "consent": True}
        return self._ask("POST", "/v1/feedback", Kept, told)

    def hindrance(self) -> str:
        """Say why the gateway can't answer yet, empty where it can; an `Outage` is a reason like any other."""
        try:
            return "" if (health := self._ask("GET", "/readyz", _Health)).ok else health.reason
        except (Outage, Refused) as error:
            return str(error)

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.clear()

    def _ask(self, method: str, path: str, kind: type[T], body: Mapping[str, object] | None = None) -> T:
        try:
            data = None if body is None else msgspec.json.encode(body)
        except UnicodeEncodeError as error:
            raise Refused(HTTPStatus.BAD_REQUEST, "the text is no Unicode; send it as UTF-8") from error
        try:
            answer = self._pool.request(method, self.url + path, body=data, headers=self._headers, redirect=False)
        except LocationParseError as error:
            raise Misconfigured(f"{self.url} is no address of a gateway, such as http://127.0.0.1:8080") from error
        except HTTPError as error:
            raise Outage(f"the gateway at {self.url} gave no answer: {error}") from error
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            raise Refused(answer.status, _why(answer.data))
        try:
            return msgspec.json.decode(answer.data, type=kind)
        except msgspec.DecodeError as error:
            raise Misconfigured(f"what answers at {self.url}{path} is no gateway of ours: {error}") from error


def _why(data: bytes) -> str:
    try:
        problem = msgspec.json.decode(data, type=_Problem)
    except msgspec.DecodeError:
        return data[:200].decode(errors="replace")
    return problem.detail or problem.reason or problem.title
