"""Which model is found by which name, and what is said where there is none."""

import pytest

from services.gateway.errors import INVALID, NO_SUCH_MODEL, NOT_SERVED, Problem
from services.gateway.serving import BATCH_TEXTS, Shelf
from tests.services.gateway.predictors import TRANSFORMER, Predictor, served


def shelf(*names: str) -> Shelf:
    """Make a shelf whose models have versions 1 and 2."""
    made = Shelf(names)
    for name, slot in made.slots.items():
        slot.serve(served(Predictor(), name=name, version=1))
        slot.serve(served(Predictor(), name=name, version=2))
    return made


def test_the_only_model_needs_no_name() -> None:
    """Of several one must be named."""
    assert shelf("topic").find(None).version == 2
    assert shelf("topic", "other").find("other").name == "other"
    with pytest.raises(Problem) as caught:
        shelf("topic", "other").find(None)
    assert caught.value.kind is INVALID
    assert "topic, other" in caught.value.detail


@pytest.mark.parametrize(
    ("name", "version"), [("x", None), ("topic", "3"), ("topic", "02"), ("topic", "-1"), ("topic", "latest")]
)
def test_what_is_not_there_is_a_problem(name: str, version: str | None) -> None:
    """A model, or a version of it."""
    with pytest.raises(Problem) as caught:
        shelf("topic").find(name, version)
    assert caught.value.kind is NO_SUCH_MODEL


def test_the_versions_in_memory_are_found() -> None:
    """The one that serves, and the one before."""
    made = shelf("topic")
    assert [made.find("topic", version).version for version in ("1", "2")] == [1, 2]
    assert made.slots["topic"].versions() == [1, 2]


def test_an_empty_slot_says_why_and_when_to_come_back() -> None:
    """503 is a promise."""
    with pytest.raises(Problem) as caught:
        Shelf(["topic"]).find("topic")
    assert (caught.value.kind, caught.value.retry_seconds) == (NOT_SERVED, 5)


def test_serving_the_same_again_forgets_nothing() -> None:
    """The one before stays the one before."""
    slot = shelf("topic").slots["topic"]
    assert slot.current is not None
    slot.serve(slot.current)
    assert slot.versions() == [1, 2]


def test_an_encoder_takes_one_text_at_once() -> None:
    """Others take a batch."""
    assert served(Predictor(), TRANSFORMER).batch_texts == 1
    assert served(Predictor()).batch_texts == BATCH_TEXTS
