"""Reads `models-published` from its end on, without a group: each gateway hears of each version, and only then looks.

A nudge lost is a look some seconds later, for the aliases in S3 are the truth.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from shared.contracts.message import decoder
from shared.contracts.topics import MODELS_PUBLISHED

log = structlog.get_logger(__name__)

RETRY_SECONDS: Final = 5.0
_DECODER: Final = decoder(MODELS_PUBLISHED.message)


@dataclass
class Nudges:
    """Calls `nudge` with the model's name whenever a version of one was published on `topic`."""

    bootstrap_servers: str
    nudge: Callable[[str], None]
    topic: str = MODELS_PUBLISHED.name
    retry_seconds: float = RETRY_SECONDS
    _away: bool = False

    async def run(self) -> None:
        """Listen for ever; where Kafka is away, try again and again."""
        while True:
            consumer = AIOKafkaConsumer(
                self.topic, bootstrap_servers=self.bootstrap_servers, auto_offset_reset="latest", group_id=None
            )
            try:
                await consumer.start()
                await self._listen(consumer)
            except (KafkaError, OSError) as error:
                if not self._away:
                    self._away = True
                    log.info("nudges_away", why=repr(error))
            finally:
                with suppress(KafkaError, OSError):
                    await consumer.stop()
            await asyncio.sleep(self.retry_seconds)

    async def _listen(self, consumer: AIOKafkaConsumer) -> None:
        """Nudge at each record of every partition."""
        await consumer.seek_to_end()
        self._away = False
        log.info("nudges_heard", partitions=len(consumer.assignment()))
        async for record in consumer:
            self._take(record.value)

    def _take(self, value: bytes | None) -> None:
        try:
            message = _DECODER.decode(value or b"")
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            log.warning("nudge_malformed", why=str(error))
            return
        log.info("model_published", model=message.model, version=message.version, alias=message.alias)
        self.nudge(message.model)
