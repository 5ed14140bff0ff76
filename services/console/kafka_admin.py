"""Kafka as the console administers it: topics, their settings and their ids."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import (
    AuthorizationError,
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    GroupIdNotFoundError,
    NoError,
    NotCoordinatorError,
    TopicAlreadyExistsError,
    for_code,
)

from services.console.core.topics import Change, TopicShape
from shared.io.kafka_errors import kafka_errors
from shared.io.outage import Misconfigured, Outage
from shared.settings import KafkaSettings

CONNECT_SECONDS: Final = 10
READY_SECONDS: Final = 30
_POLL_SECONDS: Final = 0.05
# The last is a group's that nobody knows; a broker that has just started says any of the others.
_UNKNOWN_GROUP: Final = (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    NotCoordinatorError,
    GroupIdNotFoundError,
)
SETTINGS: Final = ("cleanup.policy", "max.message.bytes", "min.insync.replicas", "retention.ms")


class KafkaAdmin:
    """Looks at topics, creates them and changes their settings."""

    def __init__(self, client: KafkaAdminClient) -> None:
        """Use a connected `client`, which stays the caller's."""
        self._client = client

    def cluster(self) -> tuple[str, int]:
        """Give the cluster's id and how many brokers it has."""
        found = self._client.describe_cluster()
        return str(found["cluster_id"]), len(found["brokers"])

    def version(self) -> str:
        """Give the broker's version, as far as its protocol tells: major and minor."""
        broker = self._client.describe_cluster()["brokers"][0]["broker_id"]
        return ".".join(map(str, self._client.get_broker_version_data(broker).broker_version))

    def now(self) -> datetime:
        """Give the time by the clock of the controller that leads; it has just caught up with itself."""
        quorum = self._client.describe_metadata_quorum()["topics"][0]["partitions"][0]
        leader = next(voter for voter in quorum["current_voters"] if voter["replica_id"] == quorum["leader_id"])
        return datetime.fromtimestamp(leader["last_caught_up_timestamp"] / 1000, UTC)

    def names(self) -> list[str]:
        """Name every topic, in order."""
        return sorted(self._client.list_topics())

    def topic_id(self, name: str) -> str | None:
        """Give the id that Kafka gave the topic when it was created, or None where there is no such topic."""
        found = self._described([name])
        return str(found[name]["topic_id"]) if found else None

    def shapes(self, names: Iterable[str]) -> dict[str, TopicShape]:
        """Give the shape of each of `names` that exists, with the settings that we declare."""
        found = self._described(names)
        settings = self._settings(found) if found else {}
        return {name: _shape(name, found[name]["partitions"], settings[name]) for name in found}

    def create(self, shapes: Iterable[TopicShape]) -> list[str]:
        """Create topics; names those that were, the rest having been created by somebody else at the same time."""
        wanted = {
            shape.name: {
                "num_partitions": shape.partitions,
                "replication_factor": shape.replication,
                "configs": dict(shape.settings),
            }
            for shape in shapes
        }
        if not wanted:
            return []
        answers = self._client.create_topics(wanted, raise_errors=False)["topics"]
        return [str(answer["name"]) for answer in answers if _created(answer)]

    def change(self, changes: Sequence[Change]) -> None:
        """Set each setting of `changes` to its new value, and wait until the broker tells it so."""
        by_topic = groupby(sorted(changes, key=attrgetter("topic")), attrgetter("topic"))
        resources = [
            ConfigResource(ConfigResourceType.TOPIC, name, {change.setting: change.new for change in of_topic})
            for name, of_topic in by_topic
        ]
        answers = self._client.alter_configs(resources)["topic"] if resources else {}
        for name, answer in answers.items():
            if answer != "OK":
                raise Misconfigured(f"Kafka refuses the settings of {name}: {answer}")
        self._await_changed(changes)

    def committed(self, group: str, topic: str) -> dict[int, int]:
        """Give the offsets that `group` has committed, by partition of `topic`; none where nobody knows the group."""
        try:
            found = self._client.list_group_offsets(group).get(group, {})
        except _UNKNOWN_GROUP:
            return {}
        return {place.partition: one.offset for place, one in found.items() if place.topic == topic and one.offset >= 0}

    def await_ready(self, names: Iterable[str]) -> None:
        """Wait until every partition of `names` has a leader that clients are told of; raises `Outage`."""
        self._client.wait_for_topics(list(names), timeout_ms=READY_SECONDS * 1000)

    def _await_changed(self, changes: Sequence[Change]) -> None:
        # The controller has them; the broker that we ask hears of them a little later.
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            found = self._settings({change.topic for change in changes}) if changes else {}
            if all(found[change.topic][change.setting] == change.new for change in changes):
                return
            time.sleep(_POLL_SECONDS)
        raise Outage(f"Kafka took new settings of {changes[0].topic}, and did not show them in {READY_SECONDS} s")

    def _described(self, names: Iterable[str]) -> dict[str, dict[str, Any]]:
        return {topic["name"]: topic for topic in self._client.describe_topics(list(names)) if not topic["error_code"]}

    def _settings(self, names: Iterable[str]) -> dict[str, dict[str, str]]:
        resources = [ConfigResource(ConfigResourceType.TOPIC, name, list(SETTINGS)) for name in names]
        described = self._client.describe_configs(resources, config_filter="all")["topic"]
        return {
            name: {setting: str(entry["value"]) for setting, entry in entries.items()}
            for name, entries in described.items()
        }


@contextmanager
def connected(settings: KafkaSettings, seconds: float = CONNECT_SECONDS) -> Iterator[KafkaAdmin]:
    """Connect to Kafka for as long as the block lasts; Kafka's errors leave it as `Outage` or `Misconfigured`."""
    with kafka_errors(settings):
        client = KafkaAdminClient(
            bootstrap_servers=settings.bootstrap_servers.split(","),
            bootstrap_timeout_ms=int(seconds * 1000),
            client_id="millrace-console",
        )
        try:
            yield KafkaAdmin(client)
        finally:
            client.close()


def _created(answer: Mapping[str, Any]) -> bool:
    """Say whether a topic was created; raises what Kafka said, less that it exists."""
    error = for_code(answer["error_code"])
    if error in (NoError, TopicAlreadyExistsError):
        return error is NoError
    if issubclass(error, AuthorizationError) or not error.retriable:
        raise Misconfigured(f"Kafka refuses to create {answer['name']}: {answer['error_message'] or error.__name__}")
    raise error(answer["error_message"])


def _shape(name: str, partitions: list[dict[str, Any]], settings: Mapping[str, str]) -> TopicShape:
    return TopicShape(name, len(partitions), min(len(one["replica_nodes"]) for one in partitions), settings)
