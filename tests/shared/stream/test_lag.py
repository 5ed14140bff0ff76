"""How far a group is behind, as the broker tells it."""

import asyncio

import pytest
from aiokafka.errors import GroupCoordinatorNotAvailableError
from kafka import KafkaAdminClient
from kafka.structs import TopicPartition as KafkaPartition

from shared.stream.lag import LagMeter
from shared.stream.record import TopicPartition
from tests.shared.stream.harness import PARTITIONS, Flow
from tests.shared.stream.numbered.service import Numbered

pytestmark = pytest.mark.integration


async def measure(meter: LagMeter, places: list[TopicPartition]) -> dict[TopicPartition, tuple[int, int]]:
    """Measure, once the broker, which may never have had a group, has made its coordinator."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await meter.measure(places)
            except GroupCoordinatorNotAvailableError:
                await asyncio.sleep(0.1)


@pytest.mark.parametrize("engine", ["aiokafka"])
async def test_all_of_a_new_groups_records_wait_and_none_once_it_is_done(flow: Flow) -> None:
    """A partition without a committed offset waits from its first record on."""
    flow.publish([Numbered(number=number) for number in range(20)])
    places = [TopicPartition(f"{flow.prefix}-in", number) for number in range(PARTITIONS)]

    async with LagMeter(flow.bootstrap, [f"{flow.prefix}-in"], flow.group) as meter:
        before = await measure(meter, places)
        with flow.worker() as worker:
            worker.finish()
        after = await meter.measure(places)

    assert before == dict.fromkeys(places, (5, 0))
    assert after == dict.fromkeys(places, (0, 5))


@pytest.mark.parametrize("engine", ["aiokafka"])
async def test_who_holds_nothing_asks_about_the_whole_topic(flow: Flow) -> None:
    """A process that fell out of its group without knowing it must see that work waits."""
    flow.publish([Numbered(number=number) for number in range(20)])

    async with LagMeter(flow.bootstrap, [f"{flow.prefix}-in"], flow.group) as meter:
        found = await measure(meter, [])

    assert sorted(lag for lag, _ in found.values()) == [5] * PARTITIONS


@pytest.mark.parametrize("engine", ["aiokafka"])
async def test_a_coordinator_that_says_nothing_is_away(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a bug: whoever measures tries again. aiokafka gives its silence as an empty answer."""

    async def nothing(*_: object, **__: object) -> dict[TopicPartition, object]:
        return {}

    async with LagMeter(flow.bootstrap, [f"{flow.prefix}-in"], flow.group) as meter:
        monkeypatch.setattr("aiokafka.admin.AIOKafkaAdminClient.list_consumer_group_offsets", nothing)
        with pytest.raises(GroupCoordinatorNotAvailableError):
            await meter.measure([])


@pytest.mark.parametrize("engine", ["aiokafka"])
async def test_records_that_retention_has_removed_do_not_wait(flow: Flow) -> None:
    """The log's start counts, not offset 0."""
    flow.publish([Numbered(number=0), Numbered(number=4)], partition=0)
    admin = KafkaAdminClient(bootstrap_servers=flow.bootstrap)
    admin.delete_records({KafkaPartition(f"{flow.prefix}-in", 0): 1})
    admin.close()

    async with LagMeter(flow.bootstrap, [f"{flow.prefix}-in"], flow.group) as meter:
        found = await measure(meter, [TopicPartition(f"{flow.prefix}-in", 0)])

    assert list(found.values()) == [(1, 1)]
