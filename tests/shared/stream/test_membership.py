"""Stable names of processes."""

from pathlib import Path

from shared.stream.membership import instance_id


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
