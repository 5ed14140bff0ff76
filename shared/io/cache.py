"""The cache as the platform sees it, and its adapter for Valkey or any server of the Redis protocol.

A cache may forget: at a restart, or when a key expires. Nothing is kept in it that can't be made again.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol, Self, TypeVar, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    TryAgainError,
)
from redis.exceptions import (
    ConnectionError as RedisConnectionError,
)
from redis.exceptions import (
    TimeoutError as RedisTimeoutError,
)
from redis.retry import Retry

from shared.io.outage import Misconfigured
from shared.io.retry import DEFAULT_POLICY, REAL_TIME, RetryPolicy, Timing, TransientFailure, retry
from shared.settings import CacheSettings

T = TypeVar("T")

CONNECT_SECONDS = 5.0
READ_SECONDS = 5.0
_SCAN_COUNT = 1000

_TRY_AGAIN = (RedisConnectionError, RedisTimeoutError, BusyLoadingError, OutOfMemoryError, ReadOnlyError, TryAgainError)


class CacheMisconfigured(Misconfigured):
    """The cache refuses us for a reason that only a person can mend; the message names the remedy."""


class Cache(Protocol):
    """Keeps small values by key, for threads; a coroutine calls it by `asyncio.to_thread`.

    Every call may raise `Outage` once its retries are spent, and `CacheMisconfigured`.
    """

    def get(self, key: str) -> bytes | None:
        """Return the value, or None where none is kept."""
        ...

    def set(self, key: str, value: bytes, *, ttl_seconds: float | None = None) -> None:
        """Keep `value`, for `ttl_seconds` where given."""
        ...

    def add(self, key: str, value: bytes, *, ttl_seconds: float | None = None) -> bool:
        """Keep `value` where nothing is kept, and tell whether it was: of many callers exactly one is told so.

        After a lost answer, an equal value counts as ours: a claim that must be exclusive holds a value that is unique.
        """
        ...

    def increment(self, key: str, amount: int = 1) -> int:
        """Add to a counter, which starts at 0, and return it; `ValueError` where the value is no integer.

        After a lost answer the amount may count twice, so it is no ledger.
        """
        ...

    def delete(self, key: str) -> bool:
        """Forget a value, and tell whether there was one."""
        ...

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Return those of the values that are kept, by key."""
        ...

    def set_many(self, values: Mapping[str, bytes], *, ttl_seconds: float | None = None) -> None:
        """Keep several values, not as one step."""
        ...

    def scan(self, prefix: str = "") -> Iterator[str]:
        """Yield each key that starts with `prefix`, maybe twice; keys that come or go meanwhile may be left out."""
        ...

    def ping(self) -> None:
        """Return once the cache has answered."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...


class ValkeyCache:
    """Keeps values in Valkey (see `Cache`); one attempt may outlive the policy's bound by `READ_SECONDS`."""

    def __init__(self, client: Redis, policy: RetryPolicy = DEFAULT_POLICY, timing: Timing = REAL_TIME) -> None:
        """Bound each call by `policy`; `client` must not retry by itself."""
        self._client = client
        self._policy = policy
        self._timing = timing

    @classmethod
    def from_settings(cls, settings: CacheSettings, policy: RetryPolicy = DEFAULT_POLICY) -> Self:
        """Return a cache at the settings' address; connects at its first call."""
        return cls(valkey_client(settings), policy)

    def get(self, key: str) -> bytes | None:
        """Return the value, or None."""
        return _value(self._call("GET", lambda: self._client.get(key)))

    def set(self, key: str, value: bytes, *, ttl_seconds: float | None = None) -> None:
        """Keep `value`."""
        self._call("SET", lambda: self._client.set(key, value, px=_milliseconds(ttl_seconds)))

    def add(self, key: str, value: bytes, *, ttl_seconds: float | None = None) -> bool:
        """Keep `value` where nothing is kept; see `Cache.add`."""
        attempts = 0

        def claim() -> object:
            nonlocal attempts
            attempts += 1
            return self._client.set(key, value, px=_milliseconds(ttl_seconds), nx=True, get=True)

        held = self._call("SET NX GET", claim)
        # GET tells what was there before. Our own value after a failed attempt: that attempt had reached the server.
        return held is None or (attempts > 1 and held == value)

    def increment(self, key: str, amount: int = 1) -> int:
        """Add to a counter and return it; see `Cache.increment`."""
        return self._call("INCRBY", lambda: self._client.incrby(key, amount))

    def delete(self, key: str) -> bool:
        """Forget a value, and tell whether there was one."""
        return self._call("DEL", lambda: self._client.delete(key)) == 1

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Return those of the values that are kept, in one request."""
        found = self._call("MGET", lambda: self._client.mget(keys)) if keys else []
        values = (_value(value) for value in found)
        return {key: value for key, value in zip(keys, values, strict=True) if value is not None}

    def set_many(self, values: Mapping[str, bytes], *, ttl_seconds: float | None = None) -> None:
        """Keep several values, in one round trip."""

        def write() -> None:
            with self._client.pipeline(transaction=False) as pipe:
                for key, value in values.items():
                    pipe.set(key, value, px=_milliseconds(ttl_seconds))
                pipe.execute()

        self._call("SET (many)", write)

    def scan(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys under `prefix`, about 1,000 a request, each request retried alone."""
        pattern = re.sub(r"([\\*?\[\]])", r"\\\1", prefix) + "*"
        cursor, more = 0, True
        while more:
            cursor, keys = self._call("SCAN", partial(self._client.scan, cursor, pattern, _SCAN_COUNT))
            yield from (cast(bytes, key).decode() for key in keys)
            more = cursor != 0

    def ping(self) -> None:
        """Return once the cache has answered."""
        self._call("PING", self._client.ping)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _call(self, command: str, call: Callable[[], T]) -> T:
        what = f"Valkey {command}"
        return retry(what, lambda _: translated(what, call), self._policy, self._timing)


def valkey_client(settings: CacheSettings) -> Redis:
    """Return a client that fails within `READ_SECONDS` and never retries by itself; it connects at its first call."""
    return Redis.from_url(
        settings.url.get_secret_value(),
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=READ_SECONDS,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )


def translated(what: str, call: Callable[[], T]) -> T:
    """Return what `call` does, its SDK's errors as ours: `TransientFailure`, `CacheMisconfigured`, `ValueError`."""
    try:
        return call()
    except (AuthenticationError, AuthorizationError) as error:
        raise CacheMisconfigured(f"{what}: {error}; check the user and password in CACHE_URL") from error
    except _TRY_AGAIN as error:
        raise TransientFailure(str(error)) from error
    except RedisError as error:
        if "not an integer" in str(error):
            raise ValueError(f"{what}: {error}") from error
        raise CacheMisconfigured(f"{what}: {error}; check CACHE_URL and its user's rights") from error


def _value(value: object) -> bytes | None:
    """Narrow what the SDK types as any of three: without `decode_responses` a value is bytes."""
    return cast(bytes | None, value)


def _milliseconds(ttl_seconds: float | None) -> int | None:
    return None if ttl_seconds is None else max(1, round(ttl_seconds * 1000))
