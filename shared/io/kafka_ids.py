"""The ids that tell one Kafka from another, and a topic from one of the same name that was there before it."""

from contextlib import closing
from typing import Final, NamedTuple

from kafka.admin import KafkaAdminClient

from shared.io.kafka_errors import kafka_errors
from shared.io.producer import TopicMissing
from shared.settings import KafkaSettings

CONNECT_SECONDS: Final = 30


class KafkaIds(NamedTuple):
    """The id of a cluster, and of one topic in it; offsets mean nothing in any other."""

    cluster_id: str
    topic_id: str


def kafka_ids(settings: KafkaSettings, topic: str) -> KafkaIds:
    """Ask Kafka for its id and that of `topic`; raises `Outage`, `TopicMissing` and `Misconfigured`."""
    with kafka_errors(settings), closing(_client(settings)) as client:
        cluster_id = str(client.describe_cluster()["cluster_id"])
        found = client.describe_topics([topic])
    known = [one for one in found if not one["error_code"]]
    if not known:
        raise TopicMissing(f"Kafka at {settings.bootstrap_servers} has no topic {topic}")
    return KafkaIds(cluster_id, str(known[0]["topic_id"]))


def _client(settings: KafkaSettings) -> KafkaAdminClient:
    return KafkaAdminClient(
        bootstrap_servers=settings.bootstrap_servers.split(","), bootstrap_timeout_ms=CONNECT_SECONDS * 1000
    )
