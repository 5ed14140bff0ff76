"""The cache: there, of the right version, and refusing writes when it is full rather than forgetting."""

from collections.abc import Iterator
from typing import Any, Final

from redis import Redis
from redis.exceptions import AuthenticationError, RedisError

from infra.stack import load_stack
from services.console.core.diagnosis import Finding, judge_eviction, judge_version
from shared.io.outage import Misconfigured, Outage
from shared.settings import CacheSettings, load

_PATIENCE_SECONDS: Final = 5


def cache() -> Iterator[Finding]:
    """Look at the server, its version, and what it does when it is full."""
    settings = load(CacheSettings)
    client: Redis = Redis.from_url(
        settings.url.get_secret_value(),
        socket_connect_timeout=_PATIENCE_SECONDS,
        socket_timeout=_PATIENCE_SECONDS,
    )
    with client:
        told = _info(client)
    yield judge_eviction(str(told["server_name"]) if "server_name" in told else "redis", str(told["maxmemory_policy"]))
    yield judge_version("cache", str(told.get("valkey_version", "")), load_stack().parts["cache"].version)


def _info(client: Redis) -> dict[str, Any]:
    try:
        client.ping()
        told: dict[str, Any] = client.info()
    except AuthenticationError as error:
        raise Misconfigured(f"the cache refuses us: {error}. Set the password in CACHE_URL") from error
    except RedisError as error:
        raise Outage(
            f"the cache does not answer: {str(error).rstrip('.')}. Start it (make up), or set CACHE_URL"
        ) from error
    return told
