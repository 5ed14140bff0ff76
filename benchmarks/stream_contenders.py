"""What is measured, one process each: our runner on both engines, Faust's `take(100)`, and plain aiokafka.

The peers are written as a careful user would, with the same store and the same messages: one object a batch, all
deliveries awaited. What they don't do is survive a failure: that is what the runner's time goes to.
"""

import asyncio
import sys
from collections.abc import Sequence
from typing import Final

import faust
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from benchmarks.stream_service import GROUP, PREFIX, SERVICE, SINK, SOURCE, Page
from shared.contracts.identity import content_hash
from shared.contracts.message import decoder, encode
from shared.io.s3 import S3ObjectStore
from shared.settings import KafkaSettings, StoreSettings, home, load
from shared.stream.worker import main as run_service

BATCH: Final = 100
WITHIN_SECONDS: Final = 0.05


def run_faust_take() -> None:
    """Consume with `stream.take(100)`, as Faust's user guide shows it."""
    store = S3ObjectStore.from_settings(load(StoreSettings))
    app = faust.App(
        GROUP,
        broker=f"kafka://{load(KafkaSettings).bootstrap_servers}",
        autodiscover=False,
        web_enabled=False,
        datadir=home() / "faust",
        key_serializer="raw",
        value_serializer="raw",
        consumer_auto_offset_reset="earliest",
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        producer_compression_type="zstd",
        producer_linger=0,
    )
    sink = app.topic(SINK.name, value_type=bytes, key_type=bytes)
    decode = decoder(Page)

    @app.agent(app.topic(SOURCE.name, value_type=bytes, key_type=bytes))
    async def work(stream: faust.StreamT[bytes]) -> None:
        async for values in stream.take(BATCH, within=WITHIN_SECONDS):
            pages = [decode.decode(value) for value in values]
            await asyncio.to_thread(store.put, *pack(pages))
            await asyncio.gather(*[await sink.send(key=key(page), value=encode(page)) for page in pages])

    async def serve() -> None:
        await app.start()
        await app.wait_until_stopped()

    uvloop.run(serve())


async def run_aiokafka() -> None:
    """Consume with `getmany`, commit each batch."""
    store = S3ObjectStore.from_settings(load(StoreSettings))
    servers = load(KafkaSettings).bootstrap_servers
    consumer = AIOKafkaConsumer(
        SOURCE.name,
        bootstrap_servers=servers,
        group_id=GROUP,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all", enable_idempotence=True, compression_type="zstd")
    decode = decoder(Page)
    await consumer.start()
    await producer.start()
    while True:
        found = await consumer.getmany(timeout_ms=250, max_records=BATCH)
        pages = [decode.decode(record.value) for records in found.values() for record in records]
        if pages:
            await asyncio.to_thread(store.put, *pack(pages))
            await asyncio.gather(*[await producer.send(SINK.name, encode(page), key(page)) for page in pages])
            await consumer.commit()


def pack(pages: Sequence[Page]) -> tuple[str, bytes]:
    """Give the key and the bytes of the object of a batch."""
    packed = "\n".join(page.body for page in pages).encode()
    return f"{PREFIX}/{content_hash(packed)}", packed


def key(page: Page) -> bytes:
    """Give the key of the record of a page."""
    return str(page.number).encode()


if __name__ == "__main__":
    match sys.argv[1]:
        case "faust-take":
            run_faust_take()
        case "aiokafka":
            uvloop.run(run_aiokafka())
        case "runner":
            run_service(SERVICE)
        case other:
            raise SystemExit(f"no such contender: {other}")
