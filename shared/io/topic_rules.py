"""What a topic takes, asked of the broker, so that a record is refused before it is sent.

A broker that refuses a record of an idempotent producer fails that producer for good, and with it every record behind:
kafka-python 3.0 then reports all of them as too large. So no refusal may be left to the broker.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.record import MemoryRecordsBuilder
from kafka.record.default_records import DefaultRecordBatchBuilder

from shared.io.producer import RecordRefused, RecordTooLarge, TopicMissing
from shared.io.record import OutgoingRecord

_MESSAGE_FORMAT = 2
# What a batch of one record adds to key, value and headers, at most: its header, and the lengths of each part.
_FRAMING_BYTES = 128
_FRAMING_BYTES_OF_HEADER = 10


@dataclass(frozen=True)
class TopicRules:
    """A topic's `max.message.bytes`, of a batch as it is sent, and whether a record needs a key."""

    max_batch_bytes: int
    needs_key: bool = False

    @classmethod
    def read(cls, admin: KafkaAdminClient, topics: Iterable[str]) -> dict[str, Self]:
        """Return the rules of each topic; raises `TopicMissing`, or an error of kafka-python."""
        wanted = frozenset(topics)
        missing = wanted - set(admin.list_topics())
        if missing:
            raise TopicMissing(f"Kafka has no topic {', '.join(sorted(missing))}")
        names = ["max.message.bytes", "cleanup.policy"]
        resources = [ConfigResource(ConfigResourceType.TOPIC, topic, names) for topic in sorted(wanted)]
        described = admin.describe_configs(resources, config_filter="all")["topic"] if resources else {}
        return {
            topic: cls(int(setting["max.message.bytes"]["value"]), "compact" in setting["cleanup.policy"]["value"])
            for topic, setting in described.items()
        }

    def refusal(self, record: OutgoingRecord) -> RecordTooLarge | RecordRefused | None:
        """Say why the topic would refuse `record`, or None."""
        if record.key is None and (self.needs_key or record.value is None):
            return RecordRefused(
                f"{record.topic} takes no record without a key{'' if self.needs_key else ' or a value'}"
            )
        framing = _FRAMING_BYTES + _FRAMING_BYTES_OF_HEADER * len(record.headers)
        if record.size_bytes + framing > self.max_batch_bytes and _batch_bytes(record) > self.max_batch_bytes:
            return RecordTooLarge(
                f"{record.size_bytes} bytes for {record.topic}, which takes {self.max_batch_bytes} after compression"
            )
        return None


def _batch_bytes(record: OutgoingRecord) -> int:
    """Return the size of a compressed batch of this one record: what the broker compares with its limit."""
    batch = MemoryRecordsBuilder(_MESSAGE_FORMAT, DefaultRecordBatchBuilder.CODEC_ZSTD, batch_size=1)
    batch.append(timestamp=0, key=record.key, value=record.value, headers=kafka_headers(record))
    batch.close()
    return int(batch.size_in_bytes())


def kafka_headers(record: OutgoingRecord) -> list[tuple[str, bytes]]:
    """Return the headers as kafka-python takes them, which knows no header without a value: it becomes empty."""
    return [(name, value or b"") for name, value in record.headers]
