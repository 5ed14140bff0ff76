"""The flywheel of the tests."""

from typing import Any


def flywheel_of(dataset: str, **ready: float) -> dict[str, Any]:
    """Declare a flywheel with one task that learns from pages and titles; `ready` is its policy, where it differs."""
    source = {
        "name": "help",
        "start_urls": ["http://127.0.0.1/"],
        "licence": "MPL-2.0",
        "labels": {"app": {"path": "^/([^/]+)/", "values": {"scalc": "calc", "smath": "math"}}},
    }
    policy = {"new_rows": 40, "max_age_seconds": 1, "quiet_seconds": 0.2, "min_rows_per_label": 1, **ready}
    return {
        "sources": [source],
        "dataset": {"name": dataset, "ready": policy},
        "tasks": [{"name": "router", "label": "app", "texts": ["page", "title"]}],
    }
