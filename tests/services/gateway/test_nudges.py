"""Every gateway hears of each version that is published, and goes on listening whatever it hears."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest
import structlog.testing

from infra.local.servers import Endpoints
from services.gateway.nudges import Nudges
from shared.contracts.message import encode
from shared.models.aliases import Aliases
from shared.models.published import published
from tests.services.curator.kafka_topics import create, publish, topics
from tests.services.gateway.waiting import until
from tests.services.gateway.world import AT
from tests.shared.models.builders import manifest

MALFORMED: Final = (b"{", None, b'{"model": "\xff"}', b'{"more": ' + b"[" * 100_000)


def told(model: str) -> bytes:
    """Say that a version of `model` was published."""
    aliases = Aliases(champion=1, by="test", reason="for the test", at=AT)
    return encode(published(manifest(model=model), aliases, b"{}", "millrace"))


@asynccontextmanager
async def listening(bootstrap: str, topic: str) -> AsyncIterator[list[str]]:
    """Listen to a topic, and give what is heard."""
    heard: list[str] = []
    task = asyncio.create_task(Nudges(bootstrap, heard.append, topic, retry_seconds=0.05).run())
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.wait({task})


@pytest.mark.integration
async def test_each_of_several_hears_of_what_comes_in_any_partition(servers: Endpoints) -> None:
    """From now on; a record that is none of ours is passed over."""
    bootstrap = servers.kafka_bootstrap
    (topic,) = topics(bootstrap, "published", partitions=3)
    publish(bootstrap, [(topic, b"old", told("old"), ())])
    with structlog.testing.capture_logs() as logs:
        async with listening(bootstrap, topic) as one, listening(bootstrap, topic) as other:
            await until(lambda: [log["event"] for log in logs].count("nudges_heard") == 2)
            await asyncio.to_thread(publish, bootstrap, [(topic, b"bad", value, ()) for value in MALFORMED])
            names = [f"m{number}" for number in range(9)]
            await asyncio.to_thread(publish, bootstrap, [(topic, name.encode(), told(name), ()) for name in names])
            await until(lambda: len(one) == len(other) == 9)
    assert sorted(one) == sorted(other) == names
    assert [log["event"] for log in logs].count("nudge_malformed") == 2 * len(MALFORMED)


@pytest.mark.integration
async def test_a_topic_that_is_made_later_is_heard(servers: Endpoints) -> None:
    """A gateway may start before the topics are there."""
    bootstrap = servers.kafka_bootstrap
    topic = f"later-{secrets.token_hex(4)}"
    with structlog.testing.capture_logs() as logs:
        async with listening(bootstrap, topic) as heard:
            await asyncio.sleep(0.2)
            await asyncio.to_thread(create, bootstrap, [topic])
            await until(lambda: any(log["event"] == "nudges_heard" for log in logs))
            await asyncio.to_thread(publish, bootstrap, [(topic, b"m", told("m"), ())])
            await until(lambda: heard == ["m"])


async def test_where_kafka_is_away_it_is_asked_again_and_told_once() -> None:
    """The aliases are looked at meanwhile."""
    with structlog.testing.capture_logs() as logs:
        async with listening("127.0.0.1:1", "published") as heard:
            await until(lambda: any(log["event"] == "nudges_away" for log in logs))
            await asyncio.sleep(0.5)
    assert heard == []
    assert [log["event"] for log in logs].count("nudges_away") == 1
