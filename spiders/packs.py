"""Packs raw pages: many members in one object of S3, so that a crawl makes few objects and still waits little."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from shared.contracts.identity import content_hash
from shared.contracts.message import ClaimCheck
from shared.io.object_store import ObjectStore

PACK_BYTES: Final = 4 * 1024 * 1024
"""A pack is full when the bodies of its pages, as Scrapy counts them, are so many bytes."""
LEAST_PAGE_BYTES: Final = 1024
"""What Scrapy counts a smaller body as."""
PACK_SECONDS: Final = 0.25
"""A pack waits so long, from its first page on, to be full."""
MOST_PUTS: Final = 2
"""So many packs are stored at once. While the store is away, pages gather in one more, so that all fail together."""
CONTENT_TYPE: Final = "application/warc"


@dataclass
class _Pack:
    """A pack that is being filled, and then stored; `stored` gives the key, or what went wrong."""

    stored: asyncio.Future[str]
    timer: asyncio.TimerHandle
    members: list[bytes] = field(default_factory=list)
    length: int = 0
    weight: int = 0
    due: bool = False


def pack_key(source: str, at: datetime, token: str) -> str:
    """Name the pack of `source` that is begun at `at`."""
    return f"raw/{source}/{at:%Y-%m-%d}/{at:%H%M%S}-{token}.warc.gz"


class PackWriter:
    """Stores members in packs; for one event loop."""

    def __init__(self, store: ObjectStore, bucket: str, source: str, on_stored: Callable[[], None]) -> None:
        """Write to `store`, which is `bucket`; call `on_stored` for each pack that is there."""
        self._store = store
        self._bucket = bucket
        self._source = source
        self._on_stored = on_stored
        self._filling: _Pack | None = None
        self._puts: set[asyncio.Task[None]] = set()
        self._failure: Exception | None = None

    async def add(self, member: bytes, body_bytes: int) -> ClaimCheck:
        """Return where `member` is, once its pack is stored; raises what the store raised.

        `body_bytes` is the size of the page's body, by which a pack is full.
        """
        pack = self._filling or self._begin()
        offset = pack.length
        pack.members.append(member)
        pack.length += len(member)
        pack.weight += max(body_bytes, LEAST_PAGE_BYTES)
        if pack.weight >= PACK_BYTES:
            self._close()
        key = await asyncio.shield(pack.stored)
        return ClaimCheck(
            bucket=self._bucket,
            key=key,
            offset=offset,
            length=len(member),
            sha256=content_hash(member),
            encoding="gzip",
        )

    def _begin(self) -> _Pack:
        loop = asyncio.get_running_loop()
        self._filling = _Pack(loop.create_future(), loop.call_later(PACK_SECONDS, self._close))
        return self._filling

    def _close(self) -> None:
        """Store the pack that is being filled, or let it wait, and grow, while as many are being stored as may be."""
        pack = self._filling
        if pack is None:
            return
        pack.timer.cancel()
        pack.due = True
        if len(self._puts) < MOST_PUTS:
            self._filling = None
            put = asyncio.ensure_future(self._put(pack))
            self._puts.add(put)
            put.add_done_callback(self._ended)

    def _ended(self, put: asyncio.Task[None]) -> None:
        self._puts.discard(put)
        if self._filling is not None and self._filling.due:
            self._close()

    async def _put(self, pack: _Pack) -> None:
        try:
            key = await self._store_pack(pack)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told to whoever waits for this pack
            self._failure = error
            pack.stored.set_exception(error)
        else:
            self._on_stored()
            pack.stored.set_result(key)

    async def _store_pack(self, pack: _Pack) -> str:
        """Store `pack`; once one has failed, those that waited behind it fail with it, for they waited as long."""
        if self._failure is not None:
            raise self._failure
        key = pack_key(self._source, datetime.now(UTC), secrets.token_hex(8))
        await asyncio.to_thread(self._store.put, key, b"".join(pack.members), content_type=CONTENT_TYPE)
        return key
