"""The S3 adapter on the real store, behind a network that loses, cuts and delays."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from urllib3.response import BaseHTTPResponse

from infra.local.servers import Endpoints
from shared.io.object_store import ObjectExists, PreconditionFailed, StoreMisconfigured
from shared.io.outage import Outage
from shared.io.retry import RetryPolicy, Timing
from shared.io.s3 import S3ObjectStore
from shared.io.s3_client import S3Client, S3Request
from shared.settings import StoreSettings
from tests.fault_proxy import Fault, FaultProxy
from tests.shared.io.conftest import POLICY

pytestmark = pytest.mark.integration

SHORT = RetryPolicy(total_seconds=1.5, first_delay_seconds=0.05, max_delay_seconds=0.2)
# What a call may take beyond its bound: the last attempt's second, and a busy machine.
SLACK_SECONDS = 2.5
CUT_BYTES = 50_000

Call = Callable[[S3ObjectStore, str], object]


@pytest.fixture
def proxy(servers: Endpoints) -> Iterator[FaultProxy]:
    """Give a network between us and the store."""
    with FaultProxy(servers.s3.endpoint.removeprefix("http://"), cut_bytes=CUT_BYTES) as proxy:
        yield proxy


@pytest.fixture
def far(servers: Endpoints, proxy: FaultProxy) -> Iterator[S3ObjectStore]:
    """Give the store on the other side of that network."""
    with closing(S3ObjectStore.from_settings(_through(proxy, servers.s3), POLICY)) as store:
        yield store


@pytest.mark.parametrize("faults", [[Fault.RESET], [Fault.UNAVAILABLE] * 3, [Fault.LOSE_ANSWER], [Fault.CUT_ANSWER]])
def test_a_fault_that_passes_is_not_seen(
    far: S3ObjectStore, proxy: FaultProxy, prefix: str, faults: list[Fault]
) -> None:
    """A write and a read come through a reset, a burst of 503, a lost answer and a cut one."""
    data = random.Random(1).randbytes(3 * CUT_BYTES)
    proxy.order(*faults)
    far.put(f"{prefix}key", data)
    proxy.order(*faults)

    assert far.get(f"{prefix}key") == data
    assert proxy.requests >= 3


def test_a_cut_range_is_read_again(far: S3ObjectStore, proxy: FaultProxy, prefix: str) -> None:
    """A body that is shorter than it says is never taken for the whole."""
    data = random.Random(2).randbytes(3 * CUT_BYTES)
    far.put(f"{prefix}key", data)
    proxy.order(Fault.CUT_ANSWER, Fault.CUT_ANSWER)

    assert far.get(f"{prefix}key", offset=7, length=2 * CUT_BYTES) == data[7 : 7 + 2 * CUT_BYTES]
    assert proxy.requests == 4


@pytest.mark.parametrize("cut_bytes", [5, *range(20, 400, 19)])
def test_an_answer_that_ends_in_its_headers_is_no_empty_object(servers: Endpoints, prefix: str, cut_bytes: int) -> None:
    """Whatever is left of the status line and the headers, the request is made again."""
    data = random.Random(3).randbytes(1_000)
    with (
        FaultProxy(servers.s3.endpoint.removeprefix("http://"), cut_bytes=cut_bytes) as proxy,
        closing(S3ObjectStore.from_settings(_through(proxy, servers.s3), POLICY)) as store,
    ):
        proxy.order(Fault.CUT_ANSWER)
        put = store.put(f"{prefix}key", data)
        proxy.order(Fault.CUT_ANSWER)
        assert store.get(f"{prefix}key") == data
        proxy.order(Fault.CUT_ANSWER)
        assert store.head(f"{prefix}key").etag == put.etag
        proxy.order(Fault.CUT_ANSWER)
        assert [found.key for found in store.list(prefix)] == [f"{prefix}key"]


def test_a_create_that_was_done_is_no_loss(far: S3ObjectStore, proxy: FaultProxy, prefix: str) -> None:
    """When the answer is lost after the write, the second attempt finds its own work and says so."""
    proxy.order(Fault.LOSE_ANSWER)
    created = far.create(f"{prefix}key", b"mine")

    assert far.get_versioned(f"{prefix}key").data == b"mine"
    assert far.head(f"{prefix}key").etag == created.etag


def test_a_replace_that_was_done_is_no_loss(far: S3ObjectStore, proxy: FaultProxy, prefix: str) -> None:
    """The same for a compare-and-swap: the version that it compares is gone because it replaced it."""
    first = far.put(f"{prefix}key", b"1")
    proxy.order(Fault.LOSE_ANSWER)
    second = far.replace(f"{prefix}key", b"2", if_match=first.etag)

    assert far.get(f"{prefix}key") == b"2"
    assert far.replace(f"{prefix}key", b"3", if_match=second.etag).size == 1


def test_another_writer_of_the_same_bytes_is_another(
    s3: S3ObjectStore, servers: Endpoints, proxy: FaultProxy, prefix: str
) -> None:
    """A create that never arrived has lost to one that did, although the bytes are the same."""
    with closing(S3Client(_through(proxy, servers.s3))) as client:
        meanwhile = Timing(sleep=lambda _: s3.create(f"{prefix}key", b"equal"))
        far = S3ObjectStore(client, POLICY, meanwhile)
        proxy.order(Fault.RESET)

        with pytest.raises(ObjectExists):
            far.create(f"{prefix}key", b"equal")


def test_a_swap_that_never_arrived_has_lost(
    s3: S3ObjectStore, servers: Endpoints, proxy: FaultProxy, prefix: str
) -> None:
    """A replace whose request was lost is no winner when another writer came first."""
    etag = s3.put(f"{prefix}key", b"1").etag
    with closing(S3Client(_through(proxy, servers.s3))) as client:
        meanwhile = Timing(sleep=lambda _: s3.put(f"{prefix}key", b"other"))
        proxy.order(Fault.RESET)

        with pytest.raises(PreconditionFailed):
            S3ObjectStore(client, POLICY, meanwhile).replace(f"{prefix}key", b"2", if_match=etag)
    assert s3.get(f"{prefix}key") == b"other"


def test_an_upload_goes_through_faults(far: S3ObjectStore, proxy: FaultProxy, prefix: str, tmp_path: Path) -> None:
    """Each part is tried again alone, and a completion whose answer was lost is known by its id."""
    path = tmp_path / "big"
    path.write_bytes(random.Random(3).randbytes(20_000_000))
    begin, parts, again = [Fault.NONE], [Fault.UNAVAILABLE, Fault.RESET, Fault.NONE], [Fault.NONE] * 2
    proxy.order(*begin, *parts, *again, Fault.LOSE_ANSWER)
    uploaded = far.upload(f"{prefix}big", path)
    proxy.order(Fault.NONE, Fault.CUT_ANSWER, Fault.RESET, Fault.NONE, Fault.UNAVAILABLE)
    far.download(f"{prefix}big", tmp_path / "back")

    assert uploaded.size == 20_000_000
    assert (tmp_path / "back").read_bytes() == path.read_bytes()


class _SaysUnknown(S3Client):
    """A store that completes an upload, or not, and says that it knows none: AWS forgets an upload once it is done."""

    def __init__(self, settings: StoreSettings, *, completes: bool) -> None:
        super().__init__(settings)
        self._completes = completes

    def send(self, request: S3Request, seconds_left: float) -> BaseHTTPResponse:
        if request.method != "POST" or "uploadId" not in request.query:
            return super().send(request, seconds_left)
        super().send(request if self._completes else replace(request, method="DELETE", body=b""), seconds_left)
        return super().send(S3Request("GET", f"{request.key}-missing"), seconds_left)


def test_an_upload_that_the_store_has_forgotten_is_known_by_its_id(
    servers: Endpoints, prefix: str, tmp_path: Path
) -> None:
    """A completion that had been done is a success, one that had not is none, whatever was there before."""
    (tmp_path / "big").write_bytes(b"x" * 9_000_000)
    with closing(S3ObjectStore(_SaysUnknown(servers.s3, completes=True), POLICY)) as store:
        assert store.upload(f"{prefix}big", tmp_path / "big").size == 9_000_000
    with (
        closing(S3ObjectStore(_SaysUnknown(servers.s3, completes=False), POLICY)) as store,
        pytest.raises(Outage, match="lost the parts"),
    ):
        store.upload(f"{prefix}big", tmp_path / "big")


def test_a_listing_goes_through_faults(far: S3ObjectStore, proxy: FaultProxy, prefix: str) -> None:
    """Each page is asked for again alone: nothing is listed twice, nothing left out."""
    for number in range(1_001):
        far.put(f"{prefix}{number:04}", b"")
    proxy.order(Fault.RESET, Fault.NONE, Fault.CUT_ANSWER, Fault.UNAVAILABLE)

    assert [found.key for found in far.list(prefix)] == [f"{prefix}{number:04}" for number in range(1_001)]


CALLS: dict[str, Call] = {
    "get": lambda store, key: store.get(key),
    "put": lambda store, key: store.put(key, b""),
    "create": lambda store, key: store.create(key, b""),
    "delete": lambda store, key: store.delete(key),
    "list": lambda store, key: list(store.list(key)),
    "check": lambda store, _: store.check(),
}


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.SWALLOW, Fault.UNAVAILABLE])
@pytest.mark.parametrize("call", [CALLS["get"], CALLS["put"]], ids=["get", "put"])
def test_a_store_that_stays_away_is_an_outage(
    servers: Endpoints, proxy: FaultProxy, prefix: str, call: Call, fault: Fault
) -> None:
    """A store that resets, never answers or always refuses is an outage when the bound is reached, and not before."""
    proxy.order(then=fault)
    with closing(S3ObjectStore.from_settings(_through(proxy, servers.s3), SHORT)) as store:
        start = time.monotonic()
        with pytest.raises(Outage, match="attempts"):
            call(store, f"{prefix}key")
        elapsed = time.monotonic() - start

    assert SHORT.total_seconds <= elapsed <= SHORT.total_seconds + SLACK_SECONDS


def test_a_store_that_comes_back_is_no_outage(far: S3ObjectStore, proxy: FaultProxy, prefix: str) -> None:
    """A call that fails twenty times within its bound succeeds at the next attempt."""
    proxy.order(*[Fault.RESET] * 20)
    far.put(f"{prefix}key", b"back")

    assert far.get(f"{prefix}key") == b"back"


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ({"secret_key": SecretStr("wrong")}, "S3_SECRET_KEY"),
        ({"access_key": "nobody"}, "S3_ACCESS_KEY"),
    ],
    ids=["secret", "key"],
)
def test_wrong_credentials_name_the_variable(
    servers: Endpoints, prefix: str, call: Call, change: dict[str, object], remedy: str
) -> None:
    """A store that doesn't know us says so at the first call, whichever it is, and at once."""
    with (
        closing(S3ObjectStore.from_settings(servers.s3.model_copy(update=change), POLICY)) as store,
        pytest.raises(StoreMisconfigured, match=remedy),
    ):
        call(store, f"{prefix}key")


def test_a_missing_bucket_is_named(servers: Endpoints) -> None:
    """A bucket that isn't there is found by the check."""
    settings = servers.s3.model_copy(update={"bucket": "no-such-bucket"})
    with (
        closing(S3ObjectStore.from_settings(settings, POLICY)) as store,
        pytest.raises(StoreMisconfigured, match="S3_BUCKET"),
    ):
        store.check()


def _through(proxy: FaultProxy, settings: StoreSettings) -> StoreSettings:
    return settings.model_copy(update={"endpoint": f"http://{proxy.address}"})
