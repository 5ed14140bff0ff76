"""Stable names of processes."""

from pathlib import Path

import pytest

from shared.stream.membership import instance_id, member_name
from tests.shared.stream.builders import record
from tests.shared.stream.harness import Flow


def test_processes_have_names_of_their_own_and_a_freed_name_is_taken_over(tmp_path: Path) -> None:
    """The lowest free number, so that who replaces a process takes its name."""
    with (
        instance_id("cleaner", tmp_path) as first,
        instance_id("augmenter", tmp_path) as other,
        instance_id("cleaner", tmp_path) as second,
    ):
        assert (first, other, second) == ("cleaner-0", "augmenter-0", "cleaner-1")
    with instance_id("cleaner", tmp_path) as again:
        assert again == "cleaner-0"


def test_a_given_name_is_used_as_it_stands(tmp_path: Path) -> None:
    """A StatefulSet's pod name."""
    with instance_id("cleaner", tmp_path, "pod-7") as name:
        assert name == "pod-7"
    assert not list(tmp_path.iterdir())


def test_another_set_of_topics_is_another_member() -> None:
    """In whatever order they are named; a service of one topic goes by its instance's name."""
    assert member_name("cleaner-0", ["a"]) == member_name("cleaner-0", ["b"]) == "cleaner-0"
    assert member_name("cleaner-0", ["a", "b"]) == member_name("cleaner-0", ["b", "a"]) == "cleaner-0-3c9d5910"
    assert member_name("cleaner-0", ["a", "b", "c"]) != member_name("cleaner-0", ["a", "b"])


@pytest.mark.integration
@pytest.mark.parametrize("engine", ["aiokafka"])
def test_a_service_that_reads_one_more_topic_gets_its_partitions(flow: Flow) -> None:
    """Though the process before it was a member of the group a moment ago, and is expected back."""
    more = record(7)
    flow.publish_raw([(more.value, 0, more.headers)], "in-dlq")
    with flow.worker() as worker:
        worker.until(lambda: flow.members() == [4])
        worker.terminate()
        worker.exit_code()
    with flow.worker(NUMBERED_ALSO="in-dlq") as worker:
        worker.until(lambda: flow.count("out") == 1)
