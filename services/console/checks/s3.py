"""The object store: there, of the right version, with writes that lose a race visibly, and the same time."""

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Final

from infra.stack import load_stack
from services.console.core.diagnosis import Finding, Verdict, judge_skew, judge_version
from shared.io.object_store import ObjectExists, ObjectStore, PreconditionFailed
from shared.io.outage import Outage
from shared.io.retry import RetryPolicy, TransientFailure
from shared.io.s3 import S3ObjectStore
from shared.io.s3_client import S3Client, S3Request
from shared.settings import StoreSettings, load

_PATIENCE: Final = RetryPolicy(total_seconds=5)
# HTTP's Date has whole seconds, so on average it is half a second old.
_HALF_SECOND: Final = 0.5
_SEAWEEDFS: Final = re.compile(r"SeaweedFS .*?([\d.]+)")


def s3() -> Iterator[Finding]:
    """Write, read and delete an object of our own, and see that conditional writes are refused as they should be."""
    settings = load(StoreSettings)
    with closing(S3ObjectStore.from_settings(settings, _PATIENCE)) as store:
        store.check()
        yield Finding("s3", Verdict.OK, f"bucket {settings.bucket} at {settings.endpoint}")
        yield from probe(store, f"doctor/{secrets.token_hex(8)}")
    yield from _version(settings)


def probe(store: ObjectStore, key: str) -> Iterator[Finding]:
    """Try what we stand on, on an object at `key` that is gone afterwards."""
    data = key.encode()
    before = datetime.now(UTC)
    created = store.create(key, data)
    halfway = before + (datetime.now(UTC) - before) / 2
    try:
        yield judge_skew("s3", (created.modified - halfway).total_seconds() + _HALF_SECOND)
        wrong = [name for name, holds in _promises(store, key, data).items() if not holds]
    finally:
        store.delete(key)
    if wrong:
        remedy = "use a store with atomic conditional writes: two writers would overwrite each other here"
        yield Finding("s3 writes", Verdict.FAIL, f"not kept: {', '.join(wrong)}", remedy)
    else:
        yield Finding("s3 writes", Verdict.OK, "create, create-only, compare-and-swap, read, delete")


def _promises(store: ObjectStore, key: str, data: bytes) -> dict[str, bool]:
    return {
        "read what was written": store.get(key) == data,
        "create-only": _is_refused(lambda: store.create(key, b"second"), ObjectExists),
        "compare-and-swap": _is_refused(lambda: store.replace(key, b"second", if_match="0" * 32), PreconditionFailed),
    }


def _is_refused(write: Callable[[], object], refusal: type[Exception]) -> bool:
    try:
        write()
    except refusal:
        return True
    return False


def _version(settings: StoreSettings) -> Iterator[Finding]:
    """Look at the version of SeaweedFS; no other store tells its own."""
    with closing(S3Client(settings)) as client:
        try:
            answer = client.send(S3Request("GET", query={"list-type": "2", "max-keys": "1"}), _PATIENCE.total_seconds)
        except TransientFailure as failure:
            raise Outage(f"S3 at {settings.endpoint}: {failure}") from failure
    told = _SEAWEEDFS.fullmatch(answer.headers.get("Server", ""))
    if told:
        yield judge_version("s3", told[1], load_stack().parts["s3"].version)
