"""What every cache does, in memory or on a server, and how the adapter for Valkey stands a bad network."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from threading import Event
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from infra.local.servers import Endpoints
from shared.io.cache import Cache, CacheMisconfigured, ValkeyCache
from shared.io.outage import Outage
from shared.io.retry import RetryPolicy
from shared.settings import CacheSettings
from tests.fault_proxy import Fault, FaultProxy
from tests.shared.io.conftest import POLICY
from tests.shared.io.racing import ROUNDS, WRITERS, race

SHORT = RetryPolicy(total_seconds=1.0, first_delay_seconds=0.05, max_delay_seconds=0.2)
SLACK_SECONDS = 2.5
# What `ValkeyCache` waits for an answer; a swallowed request ends with it.
READ_SECONDS = 5.0


@pytest.mark.parametrize("value", [b"", b"value", "值".encode(), bytes(range(256))])
def test_what_is_set_is_got(cache: Cache, prefix: str, value: bytes) -> None:
    """A value comes back byte for byte."""
    cache.set(f"{prefix}键", value)

    assert cache.get(f"{prefix}键") == value


def test_what_is_not_kept_is_none(cache: Cache, prefix: str) -> None:
    """A key without a value has none."""
    assert cache.get(f"{prefix}missing") is None


def test_set_writes_over_what_was_there(cache: Cache, prefix: str) -> None:
    """The last value counts, and forgets the expiry of the one before."""
    cache.set(f"{prefix}key", b"1", ttl_seconds=0.05)
    cache.set(f"{prefix}key", b"2")
    Event().wait(0.1)

    assert cache.get(f"{prefix}key") == b"2"


def test_a_value_expires(cache: Cache, prefix: str) -> None:
    """After its time a value is gone from every way to read it, and its key is free."""
    cache.set(f"{prefix}set", b"1", ttl_seconds=0.05)
    cache.add(f"{prefix}add", b"1", ttl_seconds=0.05)
    cache.set_many({f"{prefix}many": b"1"}, ttl_seconds=0.05)
    _wait_until(lambda: cache.get(f"{prefix}many") is None)

    assert cache.get(f"{prefix}set") is None
    assert cache.get_many([f"{prefix}set", f"{prefix}add"]) == {}
    assert list(cache.scan(prefix)) == []
    assert cache.add(f"{prefix}add", b"2")
    assert not cache.delete(f"{prefix}set")


def test_add_keeps_the_first_value(cache: Cache, prefix: str) -> None:
    """A second `add` is told that it came second, even with the same value."""
    assert cache.add(f"{prefix}key", b"1")
    assert not cache.add(f"{prefix}key", b"1")
    assert not cache.add(f"{prefix}key", b"2")
    assert cache.get(f"{prefix}key") == b"1"


def test_one_adder_wins(cache: Cache, prefix: str) -> None:
    """Of 8 that add one key at the same moment exactly one is told that it did, and its value is there."""

    def add(key: str, writer: int) -> bytes | None:
        return b"%d" % writer if cache.add(key, b"%d" % writer) else None

    keys = [f"{prefix}{number}" for number in range(ROUNDS)]

    assert race(keys, add) == [[cache.get(key)] for key in keys]


def test_no_increment_is_lost(cache: Cache, prefix: str) -> None:
    """Of 8 that count at the same moment each gets a number of its own."""
    [numbers] = race([f"{prefix}counter"], lambda key, _: cache.increment(key))

    assert sorted(numbers) == list(range(1, WRITERS + 1))
    assert cache.increment(f"{prefix}counter", -WRITERS) == 0


def test_an_increment_keeps_the_expiry(cache: Cache, prefix: str) -> None:
    """A counter with a time ends with it, however often it counts."""
    cache.set(f"{prefix}counter", b"5", ttl_seconds=1)
    counted = cache.increment(f"{prefix}counter", 2)
    _wait_until(lambda: cache.get(f"{prefix}counter") is None)

    assert counted == 7


def test_what_is_no_number_is_not_counted(cache: Cache, prefix: str) -> None:
    """A value of another kind is the caller's mistake, not the server's."""
    cache.set(f"{prefix}key", b"words")

    with pytest.raises(ValueError, match=r"integer|invalid literal"):
        cache.increment(f"{prefix}key")


def test_delete_tells_whether_there_was_something(cache: Cache, prefix: str) -> None:
    """A deletion can be done twice; the second finds nothing."""
    cache.set(f"{prefix}key", b"1")

    assert cache.delete(f"{prefix}key")
    assert not cache.delete(f"{prefix}key")


def test_many_are_set_and_got(cache: Cache, prefix: str) -> None:
    """Only the values that are kept come back, by key."""
    values = {f"{prefix}{number}": b"%d" % number for number in range(5)}
    cache.set_many(values)

    assert cache.get_many([*values, f"{prefix}missing"]) == values
    assert cache.get_many([]) == {}
    cache.set_many({})


@pytest.mark.parametrize("name", ["plain", "star*", "one?", "[set]", "back\\slash", "中文"])
def test_scan_takes_a_prefix_as_it_is(cache: Cache, prefix: str, name: str) -> None:
    """Letters that a pattern would read otherwise mean themselves."""
    for key in (f"{prefix}{name}1", f"{prefix}{name}2", f"{prefix}other", f"{prefix}starry", f"{prefix}ones"):
        cache.set(key, b"")

    assert set(cache.scan(f"{prefix}{name}")) == {f"{prefix}{name}1", f"{prefix}{name}2"}


def test_scan_goes_over_its_pages(cache: Cache, prefix: str) -> None:
    """More keys than one answer holds are all found."""
    keys = {f"{prefix}{number}" for number in range(3_000)}
    cache.set_many(dict.fromkeys(keys, b""))

    assert set(cache.scan(prefix)) == keys


def test_a_cache_that_is_there_answers(cache: Cache) -> None:
    """A ping returns."""
    cache.ping()


@pytest.fixture
def proxy(servers: Endpoints) -> Iterator[FaultProxy]:
    """Give a network between us and the cache."""
    with FaultProxy(_parts(servers)["address"]) as proxy:
        yield proxy


@pytest.fixture
def far(servers: Endpoints, proxy: FaultProxy) -> Iterator[ValkeyCache]:
    """Give the cache on the other side of that network, connected, so that faults meet commands."""
    with closing(_connect(servers, POLICY, address=proxy.address)) as cache:
        cache.ping()
        yield cache


@pytest.mark.integration
@pytest.mark.parametrize("fault", [Fault.RESET, Fault.LOSE_ANSWER, Fault.CUT_ANSWER])
def test_a_fault_that_passes_is_not_seen(far: ValkeyCache, proxy: FaultProxy, prefix: str, fault: Fault) -> None:
    """A write and a read come through a broken connection."""
    proxy.order(fault)
    far.set(f"{prefix}key", b"value")
    proxy.order(fault)

    assert far.get(f"{prefix}key") == b"value"


@pytest.mark.integration
def test_an_add_that_was_done_is_no_loss(far: ValkeyCache, proxy: FaultProxy, prefix: str) -> None:
    """When the answer is lost after the write, the second attempt finds its own value and says so."""
    proxy.order(Fault.LOSE_ANSWER)

    assert far.add(f"{prefix}key", b"mine")


@pytest.mark.integration
def test_an_add_that_came_second_has_lost(
    far: ValkeyCache, valkey: ValkeyCache, proxy: FaultProxy, prefix: str
) -> None:
    """A retry of its own makes no winner of a writer whom another came before."""
    valkey.set(f"{prefix}key", b"theirs")
    proxy.order(Fault.LOSE_ANSWER)

    assert not far.add(f"{prefix}key", b"mine")


@pytest.mark.integration
@pytest.mark.parametrize("fault", [Fault.RESET, Fault.SWALLOW])
def test_a_cache_that_stays_away_is_an_outage(servers: Endpoints, proxy: FaultProxy, fault: Fault) -> None:
    """A cache that resets or never answers is an outage when the bound is reached."""
    proxy.order(then=fault)
    with closing(_connect(servers, SHORT, address=proxy.address)) as cache:
        start = time.monotonic()
        with pytest.raises(Outage, match="Valkey GET"):
            cache.get("key")
        elapsed = time.monotonic() - start

    assert SHORT.total_seconds <= elapsed <= SHORT.total_seconds + READ_SECONDS + SLACK_SECONDS


@pytest.mark.integration
@pytest.mark.parametrize("change", [{"user": ":wrong"}, {"user": "nobody:wrong"}, {"database": "9999"}])
def test_a_wrong_address_names_the_variable(servers: Endpoints, change: dict[str, str]) -> None:
    """Credentials or a database that the cache refuses are said at once, with the variable and without the password."""
    with (
        closing(_connect(servers, POLICY, **change)) as cache,
        pytest.raises(CacheMisconfigured, match="CACHE_URL") as caught,
    ):
        cache.ping()
    assert "wrong" not in str(caught.value)


def _parts(servers: Endpoints) -> dict[str, str]:
    url = urlsplit(servers.cache.url.get_secret_value())
    user = url.netloc.rpartition("@")[0]
    return {"user": user, "address": f"{url.hostname}:{url.port}", "database": url.path.strip("/") or "0"}


def _connect(servers: Endpoints, policy: RetryPolicy, **changes: str) -> ValkeyCache:
    url = "redis://{user}@{address}/{database}".format(**_parts(servers) | changes)
    return ValkeyCache.from_settings(CacheSettings(url=SecretStr(url)), policy)


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not become so in 10 s"
        Event().wait(0.01)
