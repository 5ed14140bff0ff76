"""Real topics for the curator's tests, and records for them."""

import secrets
from collections.abc import Iterable
from contextlib import closing

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.serializer import Serializer

from shared.contracts.envelope import Envelope, Headers, to_headers
from shared.contracts.erasures import ErasureRequested
from shared.contracts.message import encode
from shared.contracts.topics import ERASURES_REQUESTED
from tests.services.curator.builders import NOW
from tests.shared.stream.harness import BEGINNING

Raw = tuple[str, bytes | None, bytes | None, Headers]
"""Topic, key, value and headers."""

_NO_KEY = object()


class _Keys(Serializer):  # type: ignore[misc]  # kafka-python has no type hints
    """Sends a key as it is, and none where the producer asks for one."""

    def serialize(self, topic: str, headers: object, data: object) -> object:  # noqa: ARG002 - its names
        """Give the key's bytes."""
        return None if data is _NO_KEY else data


def topics(bootstrap: str, *names: str, partitions: int = 1) -> list[str]:
    """Make topics whose names begin with `names` and go on so that nobody else has them."""
    token = secrets.token_hex(4)
    made = [f"{name}-{token}" for name in names]
    create(bootstrap, made, partitions)
    return made


def create(bootstrap: str, names: list[str], partitions: int = 1) -> None:
    """Make topics of these names, and wait until they can be used."""
    with closing(KafkaAdminClient(bootstrap_servers=bootstrap)) as admin:
        admin.create_topics({name: {"num_partitions": partitions, "replication_factor": 1} for name in names})
        admin.wait_for_topics(names, timeout_ms=20_000)


def publish(bootstrap: str, records: Iterable[Raw]) -> None:
    """Publish records as they are, also such as kafka-python won't send, with neither key nor value."""
    with closing(
        KafkaProducer(bootstrap_servers=bootstrap, max_request_size=10**7, key_serializer=_Keys())
    ) as producer:
        for topic, key, value, headers in records:
            producer.send(topic, value, _NO_KEY if key is None else key, headers=list(headers))
        producer.flush()


def asked(topic: str, request: ErasureRequested) -> Raw:
    """Give the record of a request."""
    envelope = Envelope(
        id=request.erasure_id,
        source="/millrace/console",
        type=ERASURES_REQUESTED.type,
        time=NOW,
        dataschema=ERASURES_REQUESTED.dataschema,
        partitionkey=request.document_id,
    )
    return topic, request.document_id.encode(), encode(request), to_headers(envelope)


def read(bootstrap: str, topic: str) -> list[tuple[bytes | None, Headers]]:
    """Read value and headers of every record of a topic of one partition."""
    with closing(KafkaConsumer(bootstrap_servers=bootstrap)) as consumer:
        place = TopicPartition(topic, 0)
        consumer.assign([place])
        consumer.seek_to_beginning()
        end, found = consumer.end_offsets([place])[place], []
        while consumer.position(place) < end:
            for records in consumer.poll(timeout_ms=200).values():
                found += [(one.value, tuple(one.headers)) for one in records]
    return found


def committed(bootstrap: str, group: str, topic: str) -> int:
    """Give the offset that the group has committed; 0 before the first, and where the broker has just started."""
    with closing(KafkaAdminClient(bootstrap_servers=bootstrap)) as admin:
        return committed_by(admin, group, topic)


def committed_by(admin: KafkaAdminClient, group: str, topic: str) -> int:
    """Give the same by a client that is open; a client takes longer to open than to ask."""
    try:
        offsets = admin.list_group_offsets(group).get(group, {})
    except BEGINNING:
        return 0
    return max((found.offset for place, found in offsets.items() if place.topic == topic), default=0)
