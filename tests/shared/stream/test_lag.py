"""How far a group is behind, as the broker tells it."""

import asyncio

import pytest
from aiokafka.errors import GroupCoordinatorNotAvailableError

from shared.stream.lag import LagMeter
from shared.stream.record import TopicPartition
from tests.shared.stream.harness import PARTITIONS, Flow
from tests.shared.stream.numbered.service import Numbered

pytestmark = pytest.mark.integration


async def measure(meter: LagMeter, places: list[TopicPartition]) -> tuple[dict[TopicPartition, int], int]:
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

    async with LagMeter(flow.bootstrap, flow.group) as meter:
        before = await measure(meter, places)
        with flow.worker() as worker:
            worker.finish()
        after = await meter.measure(places)

    assert before == (dict.fromkeys(places, 5), 0)
    assert after == (dict.fromkeys(places, 0), 20)


@pytest.mark.parametrize("engine", ["aiokafka"])
async def test_who_holds_nothing_waits_for_nothing(flow: Flow) -> None:
    """Another member's partitions are its own concern."""
    async with LagMeter(flow.bootstrap, flow.group) as meter:
        assert await measure(meter, []) == ({}, 0)
