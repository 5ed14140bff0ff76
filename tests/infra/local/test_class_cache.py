"""Recording Kafka's classes, for real."""

from pathlib import Path

import pytest

from infra.local.class_cache import record

pytestmark = pytest.mark.integration


def test_a_broker_writes_its_classes_down_and_older_ones_go(tmp_path: Path) -> None:
    """Some sixty megabytes, and no draft beside them."""
    older = tmp_path / "kafka-older.aot"
    older.touch()
    cache = tmp_path / "kafka-newer.aot"
    record(cache)
    assert list(tmp_path.iterdir()) == [cache]
    assert cache.stat().st_size > 10_000_000
