"""Sends replays, and says of each that the broker refuses why, so that one refused letter holds up no other.

By aiokafka and not by kafka-python, which sends no header without a value: a replay is byte for byte what had failed.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidMessageError,
    InvalidTimestampError,
    KafkaError,
    MessageSizeTooLargeError,
    PolicyViolationError,
)

from services.console.core.letters import Replay
from shared.io.outage import Outage
from shared.settings import KafkaSettings

_REFUSALS: Final = (MessageSizeTooLargeError, InvalidMessageError, InvalidTimestampError, PolicyViolationError)
# The client measures a record before compression; the broker decides what is really too large.
_MAX_REQUEST_BYTES: Final = 64 * 1024 * 1024
# Time for a broker to come back after a restart, while a person waits.
_REQUEST_TIMEOUT_MS: Final = 30_000


class ReplaySender:
    """Sends batches of replays and awaits every delivery."""

    def __init__(self, settings: KafkaSettings) -> None:
        """Connect anew for each batch."""
        self._settings = settings

    def send(self, replays: Sequence[Replay]) -> list[str]:
        """Send `replays` in order; gives for each why it was refused, empty where it was delivered. Raises `Outage`."""
        return asyncio.run(self._send_each(replays))

    async def _send_each(self, replays: Sequence[Replay]) -> list[str]:
        answers = await self._try(replays)
        failed = [answer for answer in answers if isinstance(answer, BaseException)]
        if failed and not any(isinstance(answer, _REFUSALS) for answer in failed):
            raise self._outage(failed[0])
        # A record that the broker refuses fails its idempotent producer for good, and with it the records behind it.
        # So each that failed is sent again, by a producer of its own.
        return [
            await self._send_one(replay) if isinstance(answer, BaseException) else ""
            for replay, answer in zip(replays, answers, strict=True)
        ]

    async def _send_one(self, replay: Replay) -> str:
        answer = (await self._try([replay]))[0]
        if isinstance(answer, _REFUSALS):
            return f"{type(answer).__name__}: {answer}"
        if isinstance(answer, BaseException):
            raise self._outage(answer)
        return ""

    async def _try(self, replays: Sequence[Replay]) -> list[object]:
        """Give for each of `replays` where it is, or the exception."""
        producer = self._producer()
        try:
            await producer.start()
            # One after the other, so that records of one key keep their order; awaited together.
            sent = [
                await producer.send(replay.topic, replay.value, replay.key, headers=list(replay.headers))
                for replay in replays
            ]
            return list(await asyncio.gather(*sent, return_exceptions=True))
        except (KafkaError, OSError) as error:
            raise self._outage(error) from error
        finally:
            await producer.stop()

    def _outage(self, error: BaseException) -> Outage:
        return Outage(f"Kafka at {self._settings.bootstrap_servers} takes no replay: {error!r}")

    def _producer(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=self._settings.bootstrap_servers,
            client_id="millrace-console",
            enable_idempotence=True,
            acks="all",
            compression_type="zstd",
            max_request_size=_MAX_REQUEST_BYTES,
            request_timeout_ms=_REQUEST_TIMEOUT_MS,
        )
