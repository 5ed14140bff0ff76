"""Keeps the shelf as the aliases in S3 say: looks every few seconds, and at once when it is nudged.

Whatever goes wrong with a version, the one that serves goes on.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import msgspec
import structlog

from services.gateway.core.backoff import Failure, failed, is_due
from services.gateway.core.messages import NotServed
from services.gateway.loader import Loader, Refused
from services.gateway.metrics import GatewayMetrics
from services.gateway.serving import Shelf, Slot
from shared.io.outage import Misconfigured, Outage
from shared.models.store import ModelStore

log = structlog.get_logger(__name__)

NO_CHAMPION: Final = "no-champion"


@dataclass
class Watcher:
    """Looks at the alias of each model, and swaps; `stores` has them by the model's name."""

    shelf: Shelf
    stores: Mapping[str, ModelStore]
    loader: Loader
    metrics: GatewayMetrics
    poll_seconds: float
    clock: Callable[[], float] = time.monotonic
    _nudged: asyncio.Event = field(default_factory=asyncio.Event)
    _failures: dict[str, Failure] = field(default_factory=dict)
    _refused: dict[str, NotServed | None] = field(default_factory=dict)

    def nudge(self, model: str) -> None:
        """Look now, and try again what was refused; from the event loop."""
        self._failures.pop(model, None)
        self._nudged.set()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            self._nudged.clear()
            for slot in self.shelf.slots.values():
                await self.look(slot)
            with suppress(TimeoutError):
                async with asyncio.timeout(self.poll_seconds):
                    await self._nudged.wait()

    async def look(self, slot: Slot) -> None:
        """Serve the champion of one model, if it isn't served already."""
        store, wanted = self.stores[slot.name], None
        try:
            aliases = await asyncio.to_thread(store.aliases)
            if aliases is None:
                self._note(slot, None, NO_CHAMPION, "no version was promoted yet")
                return
            wanted = aliases.champion
            if slot.current is not None and slot.current.version == wanted:
                slot.not_served = None
            elif is_due(self._failures.get(slot.name), wanted, self.clock()):
                await self._swap(slot, store, wanted)
            else:
                slot.not_served = self._refused[slot.name]  # an outage meanwhile is over
        except Outage as error:
            self._fail(slot, wanted, "outage", str(error))
        except Misconfigured as error:
            self._fail(slot, wanted, "misconfigured", str(error))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._fail(slot, wanted, "malformed", f"the aliases can't be read: {error}")

    async def _swap(self, slot: Slot, store: ModelStore, version: int) -> None:
        started = self.clock()
        try:
            model = await asyncio.to_thread(self.loader.load, store, version, slot.warm(version))
        except Refused as error:
            self._failures[slot.name] = failed(self._failures.get(slot.name), version, self.clock())
            self._fail(slot, version, error.reason, str(error))
            self._refused[slot.name] = slot.not_served
            return
        previous = slot.current
        slot.serve(model)
        self._failures.pop(slot.name, None)
        self.metrics.swapped(slot.name, version, previous.version if previous else None)
        seconds = round(self.clock() - started, 3)
        log.info("model_swapped", model=slot.name, version=version, seconds=seconds)
        if not self.shelf.missing():  # else the cache has files that a model is about to need
            slots = self.shelf.slots.values()
            kept = [one for each in slots for one in (each.current, each.previous) if one is not None]
            await asyncio.to_thread(self.loader.prune, kept)

    def _fail(self, slot: Slot, version: int | None, reason: str, detail: str) -> None:
        """Count a failure; what was told already is not told again in the log."""
        self.metrics.swap_failed(slot.name, reason)
        self._note(slot, version, reason, detail)

    def _note(self, slot: Slot, version: int | None, reason: str, detail: str) -> None:
        before = slot.not_served
        same = before is not None and (before.version, before.reason) == (version, reason)
        since = before.since if before is not None and same else self.loader.now()
        slot.not_served = NotServed(version, reason, detail, since)
        if same:
            return
        serves = slot.current.version if slot.current else None
        log.warning("model_not_served", model=slot.name, version=version, reason=reason, why=detail, serves=serves)
