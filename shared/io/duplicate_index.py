"""What was seen before: every document's text hash and bands, and the verdict that each was given.

The index can be lost with the cache and made again from the datasets' signatures: it says when it is not whole, and
gives no verdict then. It belongs to one life of the server: after a restart it is looked upon as lost, for a server
that kept all but its last second would be missing just what was claimed in it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol, Self, TypeVar, cast

from redis import Redis
from redis.exceptions import NoScriptError, ResponseError

from shared.io.cache import translated, valkey_client
from shared.io.retry import DEFAULT_POLICY, REAL_TIME, RetryPolicy, Timing, TransientFailure, retry
from shared.settings import CacheSettings
from shared.text.packed_signature import equal_bytes_at, packed, similarity_of_packed

T = TypeVar("T")

SPACE: Final = "near"
CLUSTER_BYTES: Final = 8
"""What names a cluster and owns a claim: the first 8 bytes of a document id, 16 of its 32 hex digits."""

_SCRIPT: Final = Path(__file__).with_suffix(".lua")
_AT_ONCE: Final = 500
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class IndexLost(Exception):
    """The index is not whole, so it gives no verdict: rebuild it, or wait until another has, and ask again."""


class Candidate(Protocol):
    """A document and what its text is known by (see `shared.text.fingerprint`)."""

    @property
    def document_id(self) -> str:
        """The id, 32 hex digits."""

    @property
    def text_hash(self) -> bytes:
        """The hash of the text, 16 bytes."""

    @property
    def signature(self) -> bytes:
        """The MinHash of the text, 512 bytes."""

    @property
    def fetched_at(self) -> datetime:
        """When the document was fetched, with its time zone."""


@dataclass(frozen=True)
class Verdict:
    """What the index says of a document.

    `duplicate_of` is the id of another document with the same text; empty where there is none. `cluster_id` names the
    cluster, 16 hex digits: that of the document which this one was found most alike, at an estimated Jaccard
    `similarity`, 0 to 1. It is empty for a document that was like no other when it came. Others may join it later, and
    then name their cluster by the first 16 digits of its id: whoever groups by cluster takes that for an empty one.
    A document like no other that had said something else before has a cluster of a new name, at a similarity of 1.
    """

    duplicate_of: str = ""
    cluster_id: str = ""
    similarity: float = 0.0


@dataclass(frozen=True)
class Judged:
    """A document with the cluster and similarity that it was given once: what a rebuild restores."""

    document_id: str
    text_hash: bytes
    signature: bytes
    fetched_at: datetime
    cluster_id: str = ""
    similarity: float = 0.0


class DuplicateIndex(Protocol):
    """Knows every document judged so far, for threads; a coroutine calls it by `asyncio.to_thread`.

    Every call may raise `Outage` once its retries are spent, and `CacheMisconfigured`. Each can be made again after a
    lost answer.
    """

    def judge(self, candidates: Sequence[Candidate], similarity: float) -> list[Verdict]:
        """Say of each, in order, what it duplicates, and register it unless its text is another's; or `IndexLost`.

        Looking up and registering is one step: of two that are alike, judged at the same moment anywhere, exactly one
        is told of the other. `similarity` is the least at which two are near duplicates. The verdict on one text of one
        document stays as it was given. With another text it is judged anew, and what it had claimed is free; but where
        that text was fetched before the one we know, it is looked up and registers nothing.
        """
        ...

    def holds(self, document_id: str) -> bool:
        """Tell whether the document is there."""
        ...

    def forget(self, document_id: str) -> bool:
        """Remove the document and all that it claimed, and tell whether it was there.

        What remains of it: its cluster's name, in the verdicts of those that joined it.
        """
        ...

    def complete(self) -> bool:
        """Tell whether the index is whole."""
        ...

    def begin_rebuild(self, token: str, ttl_seconds: float) -> bool:
        """Take the right to rebuild for some time, and tell whether it was free; `token` is unique to the caller."""
        ...

    def renew_rebuild(self, token: str, ttl_seconds: float) -> bool:
        """Hold that right for longer, and tell whether it was still held: if not, what was restored may be gone."""
        ...

    def restore(self, documents: Sequence[Judged]) -> None:
        """Register documents with their verdicts, in the order in which they were first judged.

        One that is registered already stays as it is.
        """
        ...

    def finish_rebuild(self, token: str) -> bool:
        """Declare the index whole and give the right back; False where it was no longer held: begin again."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...


class ValkeyDuplicateIndex:
    """Keeps the index in Valkey, by one script (see `DuplicateIndex` and `duplicate_index.lua`).

    A server that restarts forgets scripts: a missing one makes us ask for the server's run id, and drop a generation
    that is of another run before the script is loaded. So no client ever asks an index of a life that is over.
    """

    def __init__(
        self, client: Redis, space: str = SPACE, policy: RetryPolicy = DEFAULT_POLICY, timing: Timing = REAL_TIME
    ) -> None:
        """Bound each call by `policy`; `client` must not retry by itself; `space` sets indexes of one server apart."""
        self._client = client
        self._space = f"{{{space}}}:"
        self._policy = policy
        self._timing = timing
        self._script = _SCRIPT.read_text(encoding="utf-8")
        self._sha = ""
        self._run_id = ""

    @classmethod
    def from_settings(cls, settings: CacheSettings, space: str = SPACE, policy: RetryPolicy = DEFAULT_POLICY) -> Self:
        """Return an index at the settings' address; connects at its first call."""
        return cls(valkey_client(settings), space, policy)

    def judge(self, candidates: Sequence[Candidate], similarity: float) -> list[Verdict]:
        """Say what each duplicates; see `DuplicateIndex.judge`."""
        least = max(1, equal_bytes_at(similarity))
        calls = [(*_known(candidate), least) for candidate in candidates]
        return [_verdict(answer) for answer in self._run("judge", calls)]

    def holds(self, document_id: str) -> bool:
        """Tell whether the document is there."""
        return self._run("holds", [(bytes.fromhex(document_id),)]) == [1]

    def forget(self, document_id: str) -> bool:
        """Remove the document and all that it claimed; see `DuplicateIndex.forget`."""
        return self._run("forget", [(bytes.fromhex(document_id),)]) == [1]

    def complete(self) -> bool:
        """Tell whether the index is whole, in the server's present life."""
        return self._call("GET generation", self._is_whole)

    def begin_rebuild(self, token: str, ttl_seconds: float) -> bool:
        """Take the right to rebuild; see `DuplicateIndex.begin_rebuild`."""

        def take() -> bool:
            self._is_whole()
            held = self._client.set(
                f"{self._space}lock", self._holder(token), px=round(ttl_seconds * 1000), nx=True, get=True
            )
            return held is None or held == self._holder(token)

        return self._call("SET lock", take)

    def renew_rebuild(self, token: str, ttl_seconds: float) -> bool:
        """Hold that right for longer; see `DuplicateIndex.renew_rebuild`."""
        return self._run("renew", [(self._holder(token), round(ttl_seconds * 1000))]) == [1]

    def restore(self, documents: Sequence[Judged]) -> None:
        """Register documents with their verdicts; see `DuplicateIndex.restore`."""
        self._run("restore", [(*_known(document), *_kept(document)) for document in documents])

    def finish_rebuild(self, token: str) -> bool:
        """Declare the index whole; see `DuplicateIndex.finish_rebuild`."""
        return self._run("finish", [(self._holder(token), self._run_id.encode())]) == [1]

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _holder(self, token: str) -> bytes:
        # A lock that outlived a restart is nobody's.
        return f"{self._run_id}/{token}".encode()

    def _run(self, what: str, calls: Sequence[tuple[bytes | int, ...]]) -> list[Any]:
        answers: list[Any] = []
        for start in range(0, len(calls), _AT_ONCE):
            some = calls[start : start + _AT_ONCE]
            answers += self._call(f"script {what}", partial(self._attempt, what, some))
        return answers

    def _attempt(self, what: str, calls: Sequence[tuple[bytes | int, ...]]) -> list[Any]:
        if not self._sha:
            self._load()
        with self._client.pipeline(transaction=False) as pipe:
            for call in calls:
                pipe.evalsha(self._sha, 1, f"{self._space}generation", what, self._run_id, *call)
            answers = pipe.execute(raise_on_error=False)
        for answer in answers:
            self._require(answer)
        return answers

    def _require(self, answer: object) -> None:
        if isinstance(answer, NoScriptError):
            self._sha = ""
            raise TransientFailure("the server has restarted: it no longer knows our script")
        if isinstance(answer, ResponseError) and str(answer).startswith("INDEXLOST"):
            raise IndexLost(str(answer))
        if isinstance(answer, Exception):
            raise answer

    def _load(self) -> None:
        self._is_whole()
        self._sha = self._client.script_load(self._script)

    def _is_whole(self) -> bool:
        """Learn which life the server is in; tell whether the index is whole in it, and if not, drop its generation."""
        self._run_id = cast(dict[str, str], self._client.info("server"))["run_id"]
        kept = cast(bytes | None, self._client.get(f"{self._space}generation"))
        if kept is not None and kept.decode() != self._run_id:
            self._client.delete(f"{self._space}generation")
        return kept is not None and kept.decode() == self._run_id

    def _call(self, what: str, call: Callable[[], T]) -> T:
        named = f"Valkey {what}"
        return retry(named, lambda _: translated(named, call), self._policy, self._timing)


def _known(document: Candidate) -> tuple[bytes, bytes, bytes, bytes]:
    fetched = max(0, (document.fetched_at - _EPOCH) // timedelta(milliseconds=1)).to_bytes(6, "big")
    return bytes.fromhex(document.document_id), document.text_hash, packed(document.signature), fetched


def _kept(document: Judged) -> tuple[bytes, int]:
    if not document.cluster_id:
        return bytes(CLUSTER_BYTES), 0
    return bytes.fromhex(document.cluster_id), max(1, equal_bytes_at(document.similarity))


def _verdict(answer: tuple[bytes, bytes, int]) -> Verdict:
    owner, cluster, equal = answer
    return Verdict(owner.hex(), cluster.hex(), similarity_of_packed(equal))
