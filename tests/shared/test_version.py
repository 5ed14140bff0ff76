"""Tests of the version."""

import re

from shared.version import VERSION


def test_is_a_semantic_version() -> None:
    """Images, logs and dead letters carry it: three numbers and nothing else."""
    assert re.fullmatch(r"\d+\.\d+\.\d+", VERSION)
