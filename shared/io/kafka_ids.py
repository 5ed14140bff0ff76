"""The ids that tell one Kafka from another, and a topic from one of the same name that was there before it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final, NamedTuple

from kafka.admin import KafkaAdminClient
from kafka.errors import AuthorizationError, KafkaError, SaslAuthenticationFailedError

from shared.io.outage import Misconfigured, Outage
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


@contextmanager
def kafka_errors(settings: KafkaSettings) -> Iterator[None]:
    """Let Kafka's errors out as `Outage`, or as `Misconfigured` where only a person can help."""
    place = f"Kafka at {settings.bootstrap_servers}"
    try:
        yield
    except (AuthorizationError, SaslAuthenticationFailedError) as error:
        raise Misconfigured(f"{place} does not let us: {error}. Give our principal the right that it names") from error
    except KafkaError as error:
        raise Outage(f"{place}: {error}") from error


def _client(settings: KafkaSettings) -> KafkaAdminClient:
    return KafkaAdminClient(
        bootstrap_servers=settings.bootstrap_servers.split(","), bootstrap_timeout_ms=CONNECT_SECONDS * 1000
    )
