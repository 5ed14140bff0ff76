"""The state of an application: its own parts, and no global's."""

from pathlib import Path

from tests.services.gateway.world import World


def test_two_applications_share_nothing(tmp_path: Path) -> None:
    """Two in a process, as in tests and benches."""
    one, other = World(tmp_path / "one").app.state, World(tmp_path / "other").app.state
    for part in ("shelf", "bodies", "batcher", "recorder", "events", "metrics", "ids"):
        assert getattr(one, part) is not getattr(other, part)
    assert one.document() == other.document()
