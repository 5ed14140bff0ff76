"""What a stream service is: a pure function of a batch, and a table of where its outcomes go."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from shared.contracts.documents import RejectedDocument
from shared.contracts.envelope import Envelope, Origin
from shared.contracts.message import ClaimCheck, Decoder, Message, decoder
from shared.contracts.topics import Topic
from shared.stream.record import OffsetRange, TopicPartition

M = TypeVar("M", bound=Message)


@dataclass(frozen=True)
class Received(Generic[M]):
    """A decoded message with its envelope, its place in Kafka, and the bytes that its claim check named."""

    message: M
    envelope: Envelope
    origin: Origin
    body: bytes | None = None


@dataclass(frozen=True)
class StoredObject:
    """Bytes to be put to S3 before the messages that name them are sent; `key` follows from the content."""

    key: str
    data: bytes


@dataclass(frozen=True)
class Outcome:
    """What became of one record: messages to send, objects to store first, and what the commit port is given.

    `reason` names the rule of a rejection; it is empty for everything else.
    """

    messages: tuple[Message, ...] = ()
    objects: tuple[StoredObject, ...] = ()
    payload: Any = None
    reason: str = ""


Process = Callable[[Sequence[Received[M]]], Sequence[Outcome]]
"""Give one outcome for each message, in order. Pure and picklable: it runs in another process, perhaps twice."""

Claim = Callable[[M], ClaimCheck | None]
"""Name what must be fetched from S3 before the message can be worked on; None where it brings everything itself."""

Route = Callable[[Any], Topic[Any]]
"""Name the topic that a message belongs to: an exhaustive `match`."""


class Settler(Protocol):
    """Settles what pure work can't know, such as whether a text was seen before: asked after it, before any send."""

    async def settle(self, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
        """Give each outcome as it is to be sent, in order; the same ones when the same outcomes come again.

        Faults are not among `outcomes`. What it raises ends the process: an `Outage`, or a bug.
        """


class Committed(Protocol):
    """What the commit port is told of one record."""

    @property
    def origin(self) -> Origin:
        """The record."""

    @property
    def payload(self) -> Any:  # noqa: ANN401 - each service's own; the runner only carries it
        """What `process` left for the port; None for a fault."""


class Committer(Protocol):
    """A service's own durable effect, made after all sends are acknowledged and before any offset is."""

    async def next_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """Say from which offset on work is missing; records below it are acknowledged unread.

        Asked when the first batch of an assignment is in hand, and again after each rebalance.
        """

    async def commit(self, outcomes: Sequence[Committed], ranges: Sequence[OffsetRange]) -> None:
        """Make `outcomes`, which cover `ranges`, durable. A raise means that nothing is acknowledged."""


@dataclass(frozen=True, kw_only=True)
class StreamService(Generic[M]):
    """One service: `name` is its consumer group; `rule_set` its rules' version, part of every id that it makes.

    With a `claim`, the bytes that it names are there as `Received.body` when the work begins. Records of the topics in
    `also` come in the same batches as those of `source`, so that one commit covers them: each is decoded as its own
    topic's message, and dead-lettered to its own topic's twin.
    """

    name: str
    source: Topic[M]
    process: Process[M]
    route: Route
    rule_set: str
    claim: Claim[M] | None = None
    also: tuple[Topic[Any], ...] = ()

    @property
    def sources(self) -> dict[str, Topic[Any]]:
        """Give every topic that is read, by name."""
        return {topic.name: topic for topic in (self.source, *self.also)}

    @property
    def decoders(self) -> dict[str, Decoder[Any]]:
        """Make a decoder of each topic's message, by the topic's name."""
        return {name: decoder(topic.message) for name, topic in self.sources.items()}


def each(work: Callable[[M], Message | tuple[Message, ...]]) -> Process[M]:
    """Lift `work` on one message to a `Process`; `work` is a function of some module, so that it can be pickled."""
    return partial(_each, work)


def _each(work: Callable[[M], Message | tuple[Message, ...]], batch: Sequence[Received[M]]) -> list[Outcome]:
    return [_outcome(work(received.message)) for received in batch]


def _outcome(made: Message | tuple[Message, ...]) -> Outcome:
    if isinstance(made, tuple):
        return Outcome(messages=made)
    return Outcome(messages=(made,), reason=made.reason if isinstance(made, RejectedDocument) else "")
