"""The service under test: numbered messages in, numbered messages out, and a message can ask for any misfortune.

`NUMBERED_PREFIX` names the topics and, unless `NUMBERED_NAME` does, the group; `NUMBERED_COMMIT` turns on a commit port
(`record`, `raise`, `blind`), `NUMBERED_SETTLE` a settler, and `NUMBERED_COMPANION` a companion. `NUMBERED_ALSO` names
one more topic to read.
"""

import asyncio
import os
import time
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from shared.contracts.identity import content_hash
from shared.contracts.message import ClaimCheck, Message
from shared.contracts.topics import Topic
from shared.io.object_store import ObjectStore
from shared.io.outage import Outage
from shared.stream.record import OffsetRange, TopicPartition
from shared.stream.service import Committed, Outcome, Received, StoredObject, StreamService


class Numbered(Message, frozen=True, kw_only=True):
    """A message with a number, and with what shall happen to it."""

    number: int
    body: str = ""
    fate: str = ""
    claim: ClaimCheck | None = None


class NumberedDone(Message, frozen=True, kw_only=True):
    """What the service makes of a `Numbered`; `stored` is the S3 key of the object that holds its body."""

    number: int
    stored: str


PREFIX: Final = os.environ.get("NUMBERED_PREFIX", "numbered")


def _topic(name: str, message: type[Any]) -> Topic[Any]:
    return Topic(
        name=f"{PREFIX}-{name}",
        message=message,
        key="number",
        description="A test's.",
        producers=("test",),
        consumers=("test",),
    )


SOURCE: Final = _topic("in", Numbered)
SINK: Final = _topic("out", NumberedDone)


def process(batch: Sequence[Received[Numbered]]) -> list[Outcome]:
    """Store the bodies of the batch as one object, and say of each message that it is done."""
    for received in batch:
        _suffer(received.message)
    packed = "\n".join(f"{received.message.number} {_body(received)}" for received in batch).encode()
    stored = StoredObject(f"{PREFIX}/{content_hash(packed)}", packed)
    return [
        Outcome(
            messages=(NumberedDone(number=received.message.number, stored=stored.key),),
            objects=(stored,),
            payload=received.message.number,
        )
        for received in batch
    ]


def _body(received: Received[Numbered]) -> str:
    return received.message.body if received.body is None else received.body.decode()


def claim(message: Numbered) -> ClaimCheck | None:
    """Name the body that lies in S3, where there is one."""
    if message.fate == "unclaimable":
        raise ValueError(f"number {message.number} was asked to have no claim")
    return message.claim


def route(_: NumberedDone) -> Topic[Any]:
    """Everything goes to the sink."""
    return SINK


def _suffer(message: Numbered) -> None:
    match message.fate:
        case "raise":
            raise ValueError(f"number {message.number} was asked to raise")
        case "die":
            os._exit(9)
        case "hang":
            time.sleep(3600)
        case "slow":
            time.sleep(0.05)
        case _:
            pass


class RecordingCommitter:
    """A commit port that writes what it is told to S3, or raises."""

    def __init__(self, store: ObjectStore) -> None:
        """Record in `store`."""
        self._store = store

    async def next_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Skip as many records of each partition as `NUMBERED_SKIP` says, after a while: the store is slow."""
        await asyncio.sleep(float(os.environ.get("NUMBERED_SLOW", "0")))
        if os.environ["NUMBERED_COMMIT"] == "blind":
            raise Outage("the commit port was asked not to know")
        return dict.fromkeys(partitions, int(os.environ.get("NUMBERED_SKIP", "0")))

    async def commit(self, outcomes: Sequence[Committed], ranges: Sequence[OffsetRange]) -> None:
        """Record the batch under a key that names its first offset."""
        said = {"numbers": [one.payload for one in outcomes], "ranges": ranges}
        name = "-".join(f"{covered.partition}.{covered.first}" for covered in ranges)
        self._store.put(f"{PREFIX}/commits/{name}.json", msgspec.json.encode(said))
        if os.environ["NUMBERED_COMMIT"] == "raise":
            raise RuntimeError("the commit port was asked to raise")


class MarkingSettler:
    """A settler that marks what it sees, knows no number twice, and refuses number 13."""

    def __init__(self) -> None:
        """Know nothing."""
        self.seen: list[int] = []

    async def settle(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Mark the message of each outcome with how many came before it."""
        return [self._marked(outcome) for outcome in outcomes]

    def _marked(self, outcome: Outcome) -> Outcome:
        number: int = outcome.payload
        self.seen.append(number)
        if number == REFUSED:
            return Outcome(reason="refused")
        marked = NumberedDone(number=number, stored=f"settled-{self.seen.index(number)}")
        return Outcome(messages=(marked,), objects=outcome.objects, payload=number)


REFUSED: Final = 13


async def companion(store: ObjectStore) -> None:
    """Write that it runs, then do what `NUMBERED_COMPANION` says: `wait`, `end` or `raise`."""
    await asyncio.to_thread(store.put, f"{PREFIX}/companion", b"here")
    match os.environ["NUMBERED_COMPANION"]:
        case "raise":
            raise RuntimeError("the companion was asked to raise")
        case "wait":
            await asyncio.Event().wait()
        case _:
            pass


NAME: Final = os.environ.get("NUMBERED_NAME", f"{PREFIX}-service")
ALSO: Final = tuple(_topic(name, Numbered) for name in os.environ.get("NUMBERED_ALSO", "").split())
SERVICE: Final = StreamService(
    name=NAME, source=SOURCE, process=process, route=route, rule_set="1", claim=claim, also=ALSO
)
