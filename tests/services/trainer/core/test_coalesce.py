"""Tests of what becomes of the versions that wait."""

import pytest

from services.trainer.core.coalesce import Fate, coalesce


@pytest.mark.parametrize(
    ("waiting", "decided", "fates"),
    [
        pytest.param([], [], [], id="nothing waits"),
        pytest.param([4], [], [Fate(4)], id="one is trained on"),
        pytest.param([3, 1, 2], [], [Fate(1, 3), Fate(2, 3), Fate(3)], id="of three the newest"),
        pytest.param([2, 2], [1], [Fate(2)], id="told twice, done once"),
        pytest.param([1, 2, 3], [1], [Fate(1), Fate(2, 3), Fate(3)], id="what was decided is done as decided"),
        pytest.param([2], [1, 5], [Fate(2, 5)], id="a newer one was decided already"),
        pytest.param([2, 5], [5], [Fate(2, 5), Fate(5)], id="the newest was decided, what waits behind it was not"),
    ],
)
def test_the_newest_is_trained_on(waiting: list[int], decided: list[int], fates: list[Fate]) -> None:
    """All others that nobody has decided on are superseded by it."""
    assert coalesce(waiting, decided) == fates
