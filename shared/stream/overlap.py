"""Two batches in hand: the next one is worked on while the one before it is sent and acknowledged, in order."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, Protocol, TypeVar

import structlog

from shared.stream.record import OffsetRange, Record, ranges_of

log = structlog.get_logger(__name__)

Prepared = TypeVar("Prepared")

MAX_EVICTIONS: Final = 6
"""Lost commits in a row before the process gives up: two processes with one static name steal from each other for
ever, and each of them sees nothing but evictions. One rebalance may cost two, for two batches are in hand."""

SETTLE_SECONDS: Final = 10.0


class Evicted(Exception):
    """The group took the partitions away before a batch could be acknowledged, several times in a row."""


class Handler(Protocol[Prepared]):
    """What is done with batches; see `shared.stream.runner.Runner`."""

    def reassigned(self) -> None:
        """Forget what is known of partitions: they may have been another's meanwhile.

        Called at least once between the last record of an old assignment and the first of a new one.
        """

    async def prepare(self, batch: Sequence[Record]) -> Prepared:
        """Do what may be done out of turn: pure work, and writes that change nothing when they come again."""

    async def finish(self, prepared: Prepared) -> None:
        """Do the rest, in turn. Once it returns, the batch may be acknowledged."""

    async def acknowledged(self, ranges: Sequence[OffsetRange]) -> None:
        """Learn that the offsets of `ranges` are committed."""


class Overlap(Generic[Prepared]):
    """Prepares one batch while it finishes another; nothing is acknowledged before all that came before it."""

    def __init__(self, handler: Handler[Prepared]) -> None:
        """Start empty; `failed` is set to whatever a batch raised, after which nothing is acknowledged any more."""
        self._handler = handler
        self._finishing: asyncio.Task[None] | None = None
        self._evictions = 0
        self.failed: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()

    async def take(self, batch: Sequence[Record], acknowledge: Callable[[], Awaitable[bool]]) -> None:
        """Prepare `batch`, then leave it to be finished once its predecessor is.

        `acknowledge` commits the batch's offsets, and says whether they held. Raises what preparing raises, and what a
        predecessor did.
        """
        try:
            prepared = await self._handler.prepare(batch)
            await self.drain()
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self._fail(error)
            raise
        self._finishing = asyncio.ensure_future(self._finish(prepared, ranges_of(batch), acknowledge))
        self._finishing.add_done_callback(self._note)

    async def drain(self) -> None:
        """Wait until nothing is in hand; raises what a batch raised."""
        finishing = self._finishing  # another batch may take its place meanwhile
        if finishing is not None:
            await asyncio.wait({finishing})  # unlike `await`, does not pass a cancellation on
            finishing.result()

    async def settle(self) -> None:
        """Let what is in hand come to its end, if it does so soon: whoever calls this has another error to raise."""
        if self._finishing is not None:
            await asyncio.wait({self._finishing}, timeout=SETTLE_SECONDS)

    async def _finish(
        self, prepared: Prepared, ranges: Sequence[OffsetRange], acknowledge: Callable[[], Awaitable[bool]]
    ) -> None:
        await self._handler.finish(prepared)
        if await acknowledge():
            self._evictions = 0
            await self._handler.acknowledged(ranges)
            return
        self._evictions += 1
        log.info("evicted", ranges=[str(covered) for covered in ranges], in_a_row=self._evictions)
        if self._evictions > MAX_EVICTIONS:
            raise Evicted(f"{self._evictions} commits in a row were lost: does another process use this name?")

    def _note(self, done: "asyncio.Task[None]") -> None:
        error = asyncio.CancelledError() if done.cancelled() else done.exception()
        if error is not None:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if not self.failed.done():
            self.failed.set_result(error)
