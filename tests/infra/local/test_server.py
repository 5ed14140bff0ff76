"""A real server of one's own: killed, stopped, frozen, and started again."""

import io
from collections.abc import Callable

import pytest

from infra.local.parts.place import PartError
from infra.local.server import Server
from infra.local.servers import Servers
from tests.infra.local.test_servers import cache, make_topic, partitions, store
from tests.infra.local.waiting import until

pytestmark = pytest.mark.integration
StartServers = Callable[..., Servers]


def test_killed_servers_come_back_at_the_same_address_with_their_data(own_servers: StartServers) -> None:
    """As after a power cut."""
    own = own_servers()
    make_topic(own.endpoints, "kept")
    store(own.endpoints).put_object(own.endpoints.s3.bucket, "kept", io.BytesIO(b"kept"), 4)
    for server in (own.kafka, own.s3, own.cache):
        server.kill()
        assert not server.is_ready()
        server.start()
    for server in (own.kafka, own.s3, own.cache):
        server.wait_ready()
    assert partitions(own.endpoints, "kept") == 4
    assert store(own.endpoints).get_object(own.endpoints.s3.bucket, "kept").read() == b"kept"


def test_a_stopped_server_starts_again_and_the_cache_keeps_its_keys(own_servers: StartServers) -> None:
    """An orderly stop writes everything down."""
    own = own_servers("cache")
    client = cache(own.endpoints)
    client.set("kept", "1")
    own.cache.stop()
    own.cache.start()
    own.cache.wait_ready()
    assert client.get("kept") == b"1"
    client.close()


def test_a_frozen_server_does_not_answer_and_goes_on_when_thawed(own_servers: StartServers) -> None:
    """A stalled machine is not a dead one."""
    own = own_servers("cache")
    own.cache.pause()
    assert not own.cache.is_ready()
    own.cache.resume()
    own.cache.wait_ready()


def test_a_server_that_ends_at_its_start_is_told_with_its_log(own_servers: StartServers) -> None:
    """Its port is taken: here by its own first process."""
    own = own_servers("cache")
    second = Server(own.cache.place)
    second.start()
    until(lambda: second.process.exit_code() is not None)
    own.cache.kill()
    with pytest.raises(PartError, match="Address already in use"):
        second.wait_ready()


def test_one_that_was_never_started_says_so(own_servers: StartServers) -> None:
    """Instead of an attribute error."""
    own = own_servers("cache")
    with pytest.raises(PartError, match="cache was not started"):
        Server(own.cache.place).stop()
