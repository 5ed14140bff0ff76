"""Tests of the ids that tell clusters and topics apart, on a real broker."""

import pytest

from shared.io.kafka_ids import kafka_ids
from shared.io.producer import TopicMissing
from tests.shared.io.conftest import Broker


@pytest.mark.integration
def test_a_topic_that_is_made_anew_has_another_id(broker: Broker) -> None:
    """In the same cluster, under the same name."""
    name, other = broker.topic(partitions=1), broker.topic(partitions=1)
    first, second = kafka_ids(broker.settings, name), kafka_ids(broker.settings, other)
    assert first == kafka_ids(broker.settings, name)
    assert first.cluster_id == second.cluster_id
    assert first.topic_id != second.topic_id
    assert all([first.cluster_id, first.topic_id])


@pytest.mark.integration
def test_a_missing_topic_is_named_with_its_remedy(broker: Broker) -> None:
    """No client makes topics."""
    with pytest.raises(TopicMissing, match="no topic no-such-topic; run `millrace topics apply`"):
        kafka_ids(broker.settings, "no-such-topic")
