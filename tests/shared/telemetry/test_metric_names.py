"""Tests of the list of metrics."""

from typing import get_args

import pytest

from shared.reference import registries
from shared.telemetry.metric_names import DESCRIPTIONS, LABELS, MetricName

NAMES: tuple[MetricName, ...] = get_args(MetricName)


def test_every_metric_is_described_labelled_and_measured() -> None:
    """No name without its comment and its labels, and none that nothing measures."""
    families = [family for registry in registries() for family in registry.collect()]
    measured = {family.name + ("_total" if family.type == "counter" else "") for family in families}
    assert list(DESCRIPTIONS) == list(LABELS) == list(NAMES)
    assert {name for name in measured if name.startswith("millrace_")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_descriptions_are_sentences(name: MetricName) -> None:
    """A description is the whole comment, on one line."""
    assert DESCRIPTIONS[name][0].isupper()
    assert DESCRIPTIONS[name].endswith(".")
    assert "#" not in DESCRIPTIONS[name]
