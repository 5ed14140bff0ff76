"""What all engines share: the table, and how many lost commits are too many."""

import pytest

from shared.settings import StreamSettings
from shared.stream.engines import ENGINES
from shared.stream.engines.engine import MAX_EVICTIONS, Evicted, Evictions


def test_every_engine_that_the_settings_know_is_in_the_table() -> None:
    """And no other."""
    field = StreamSettings.model_fields["engine"]

    assert set(ENGINES) == set(getattr(field.annotation, "__args__", ()))


def test_a_few_lost_commits_are_a_rebalance_and_many_in_a_row_are_a_war() -> None:
    """A commit that holds starts the count anew."""
    evictions = Evictions()

    for _ in range(3):
        for _ in range(MAX_EVICTIONS):
            evictions.lost()
        evictions.committed()
    for _ in range(MAX_EVICTIONS):
        evictions.lost()
    with pytest.raises(Evicted):
        evictions.lost()
