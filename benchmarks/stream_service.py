"""The service that `make bench-stream` measures: a batch is one object in S3 and one message a record."""

import os
from collections.abc import Sequence
from typing import Any, Final

from shared.contracts.identity import content_hash
from shared.contracts.message import Message
from shared.contracts.topics import Topic
from shared.stream.service import Outcome, Received, StoredObject, StreamService


class Page(Message, frozen=True, kw_only=True):
    """What comes in: a body of the size that is measured."""

    number: int
    body: str


PREFIX: Final = os.environ.get("BENCH_PREFIX", "bench")
GROUP: Final = os.environ.get("BENCH_GROUP", "bench")


def _topic(name: str) -> Topic[Page]:
    return Topic(
        name=f"{PREFIX}-{name}",
        message=Page,
        key="number",
        description="The benchmark's.",
        producers=("bench",),
        consumers=("bench",),
    )


SOURCE: Final = _topic("in")
SINK: Final = _topic("out")


def process(batch: Sequence[Received[Page]]) -> list[Outcome]:
    """Store the batch as one object; pass each page on."""
    packed = "\n".join(received.message.body for received in batch).encode()
    stored = (StoredObject(f"{PREFIX}/{content_hash(packed)}", packed),)
    return [Outcome(messages=(received.message,), objects=stored) for received in batch]


def route(_: Page) -> Topic[Any]:
    """Everything goes to the sink."""
    return SINK


SERVICE: Final = StreamService(name=GROUP, source=SOURCE, process=process, route=route, rule_set="1")
