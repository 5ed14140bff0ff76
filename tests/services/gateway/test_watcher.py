"""The shelf follows the aliases; and whatever is wrong with a version, the one that serves goes on."""

import asyncio
import gc
import os
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.gateway.core.backoff import FIRST_SECONDS
from services.gateway.loader import KEEP_SECONDS
from shared.io.memory import MemoryObjectStore
from shared.io.object_store import CHUNK_BYTES, StoreMisconfigured, VersionedObject
from shared.io.outage import Outage
from shared.models.aliases import aliases_key
from shared.models.manifest import version_key
from tests.services.gateway.waiting import until
from tests.services.gateway.world import AT, LABELS, MODEL, World, promote
from tests.shared.models.builders import signer


class MoodyStore(MemoryObjectStore):
    """A store that fails while it has an error."""

    error: Exception | None = None

    def get_versioned(self, key: str) -> VersionedObject:
        """Raise the error, or read."""
        if self.error is not None:
            raise self.error
        return super().get_versioned(key)


class CountingStore(MemoryObjectStore):
    """A store that counts the files which are fetched of it."""

    fetched = 0

    def chunks(self, key: str, *, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
        """Count it, and read."""
        self.fetched += 1
        return super().chunks(key, chunk_bytes=chunk_bytes)


def serves(world: World) -> tuple[int | None, int | None]:
    """Give the versions that serve now and before."""
    slot = world.shelf.slots[MODEL]
    current, previous = (one.version if one else None for one in (slot.current, slot.previous))
    return current, previous


async def test_it_serves_what_the_alias_says(world: World) -> None:
    """The first version, the second, and the first again, which was kept warm."""
    await world.look()
    assert serves(world) == (None, None)
    world.publish("writer")
    await world.look()
    assert serves(world) == (1, None)
    world.publish("calc")
    await world.look()
    first = world.shelf.slots[MODEL].previous
    assert serves(world) == (2, 1)
    world.watcher.stores[MODEL].rollback(by="test", reason="regret", at=AT)
    await world.look()
    assert serves(world) == (1, 2)
    assert world.shelf.slots[MODEL].current is first
    assert world.counts("millrace_model_version", "version") == {"1": 1}
    assert world.counts("millrace_model_swaps_total", "model") == {MODEL: 3}


async def test_only_the_version_before_is_kept(world: World) -> None:
    """Memory holds two versions of a model, however many there were."""
    for favoured in ("writer", "calc", "writer", "calc"):
        world.publish(favoured)
        await world.look()
    assert serves(world) == (4, 3)


async def test_a_version_that_goes_leaves_nothing_behind(world: World) -> None:
    """Also where it was the last to be asked."""
    world.publish("writer")
    await world.look()
    first = weakref.ref(world.shelf.slots[MODEL].current)
    async with world.client() as client:
        assert (await client.post("/v1/classify", json={"text": "x"})).status_code == 200
        for favoured in ("calc", "writer"):
            world.publish(favoured)
            await world.look()
        gc.collect()
        assert first() is None


async def test_a_refused_version_is_told_and_the_old_one_serves_on(world: World) -> None:
    """On the metric, at `/v1/models`, and in answers that go on."""
    world.publish("writer")
    await world.look()
    world.publish("calc", by=signer(2))
    await world.look()
    assert serves(world) == (1, None)
    assert world.failures == {"untrusted": 1}
    async with world.client() as client:
        (told,) = (await client.get("/v1/models")).json()["models"]
        answer = (await client.post("/v1/classify", json={"text": "x"})).json()
        assert (await client.get("/readyz")).status_code == 200
    assert (told["served"]["version"], told["not_served"]["version"], told["not_served"]["reason"]) == (
        1,
        2,
        "untrusted",
    )
    assert "signed by" in told["not_served"]["detail"]
    assert answer["model_version"] == 1


async def test_a_refused_version_is_tried_again_with_pauses_and_at_once_when_nudged(world: World) -> None:
    """No tight loop of downloads; but who mends it needn't wait."""
    now = 0.0
    world.watcher.clock = lambda: now
    world.publish(by=signer(2))
    for _ in range(5):
        await world.look()
    assert world.failures == {"untrusted": 1}
    now += FIRST_SECONDS
    await world.look()
    await world.look()
    assert world.failures == {"untrusted": 2}
    now += FIRST_SECONDS
    await world.look()
    assert world.failures == {"untrusted": 2}
    world.watcher.nudge(MODEL)
    await world.look()
    assert world.failures == {"untrusted": 3}


async def test_a_newer_version_is_tried_at_once(world: World) -> None:
    """The pause is the refused version's alone."""
    world.publish(by=signer(2))
    await world.look()
    world.publish("calc")
    await world.look()
    assert serves(world) == (2, None)
    assert world.shelf.slots[MODEL].not_served is None


@pytest.mark.parametrize(
    ("error", "reason"), [(Outage("S3 is away"), "outage"), (StoreMisconfigured("no such bucket"), "misconfigured")]
)
async def test_a_store_that_fails_is_told_and_asked_again(tmp_path: Path, error: Exception, reason: str) -> None:
    """At the start there is no model, and a reason; later the one that serves goes on."""
    store = MoodyStore()
    world = World(tmp_path, store=store)
    world.publish()
    store.error = error
    await world.look()
    slot = world.shelf.slots[MODEL]
    assert (serves(world), slot.not_served and slot.not_served.reason) == ((None, None), reason)
    assert str(error) in world.shelf.readiness()[1]
    store.error = None
    await world.look()
    assert (serves(world), slot.not_served) == ((1, None), None)
    store.error = error
    await world.look()
    assert serves(world) == (1, None)
    assert world.shelf.readiness() == (True, "every model is served")


async def test_an_outage_that_is_over_leaves_the_reason_before_it(tmp_path: Path) -> None:
    """A refused version waits for its next try, and what is told meanwhile is why it was refused."""
    store = MoodyStore()
    world = World(tmp_path, store=store)
    world.publish(by=signer(2))
    slot = world.shelf.slots[MODEL]
    reasons = []
    for error in (None, Outage("S3 is away"), None):
        store.error = error
        await world.look()
        assert slot.not_served is not None
        reasons.append(slot.not_served.reason)
    assert reasons == ["untrusted", "outage", "untrusted"]


@pytest.mark.parametrize("written", [b"{", b'{"champion":1,"by":"\xff"}', b'{"by":' + b"[" * 100_000])
async def test_unreadable_aliases_are_told(world: World, written: bytes) -> None:
    """Somebody wrote nonsense there: no JSON, no UTF-8, or more brackets than we follow."""
    world.store.put(aliases_key(MODEL), written)
    await world.look()
    assert world.failures == {"malformed": 1}


async def test_it_looks_by_itself_and_at_once_when_nudged(world: World) -> None:
    """Every so often, or as soon as a version was published."""
    running = asyncio.create_task(world.watcher.run())
    world.publish()
    await until(lambda: serves(world) == (1, None))
    world.watcher.poll_seconds = 3_600.0
    await asyncio.sleep(0.05)
    world.publish("calc")
    world.watcher.nudge(MODEL)
    await until(lambda: serves(world) == (2, 1))
    running.cancel()
    await asyncio.wait({running})


async def test_a_version_that_was_moved_is_refused(world: World) -> None:
    """The envelope of another version, signed all right, at the place of a newer one."""
    version = world.publish()
    world.store.put(version_key(MODEL, version + 1), world.store.get(version_key(MODEL, version)))
    await world.look()
    promote(world.store, version + 1)
    await world.look()
    assert serves(world) == (1, None)
    assert world.failures == {"untrusted": 1}


async def test_a_restart_fetches_nothing_again(tmp_path: Path) -> None:
    """Not with several models either: what the first one to serve doesn't use isn't what nobody uses."""
    names, store = (MODEL, "tone"), CountingStore()
    before = World(tmp_path, names=names, store=store)
    for name, favoured in zip(names, LABELS, strict=True):
        before.publish(favoured, model=name)
        await before.look(name)
    for path in before.settings.model_cache.iterdir():
        os.utime(path, (0, path.stat().st_mtime - 2 * KEEP_SECONDS))
    fetched, after = store.fetched, World(tmp_path, names=names, store=store)
    for name in names:
        await after.look(name)
    assert after.shelf.missing() == []
    assert store.fetched == fetched
