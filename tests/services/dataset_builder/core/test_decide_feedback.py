"""Tests of what a batch changes that customers' words are among."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dataset_builder.core.decide import Verdict
from shared.contracts.documents import AugmentedDocument
from shared.contracts.predictions import FeedbackReceived
from shared.contracts.split import Split
from tests.services.dataset_builder.builders import batches, correction, document, rows
from tests.services.dataset_builder.naive import Dataset, naive_live

Told = AugmentedDocument | FeedbackReceived


def told(*messages: Told) -> Dataset:
    """Give a dataset that was told `messages`, each in a batch of its own."""
    dataset = Dataset()
    for message in messages:
        dataset.commit(batches([message]))
    return dataset


def labels(dataset: Dataset) -> list[str]:
    """Give the labels of the customers' live rows."""
    return [row.labels["app"] for row in dataset.live() if row.kind == "feedback"]


def test_of_what_a_customer_says_of_one_input_the_latest_counts() -> None:
    """By when it was said, not by when it came; a label that comes back has its row back."""
    pages = [document(1, label="math"), document(2, label="calc")]
    dataset = told(*pages, correction(1, "math", 5), correction(1, "calc", 9), correction(1, "math", 7))
    assert labels(dataset) == ["calc"]
    assert list(dataset.tombstones.values()) == ["superseded"]

    dataset.restart()
    made = dataset.commit(batches([correction(1, "math", 10)]))
    assert (made.rows, made.corrections) == ((), 1)
    assert labels(dataset) == ["math"]


@pytest.mark.parametrize(
    ("says", "verdict"),
    [
        ([document(1, label="draw"), correction(1, "draw")], "written"),
        ([document(1, label="draw", split=Split.TEST), correction(1, "draw")], "written"),
        ([correction(1, "draw")], "unknown-label"),
        ([correction(1, "draw"), document(1, label="draw")], "unknown-label"),
        ([correction(1, "drwa"), document(1, label="draw")], "unknown-label"),
        ([correction(1, "base")], "written"),
    ],
    ids=["a page has it", "a test page", "nobody", "too early", "misspelt", "declared"],
)
@pytest.mark.parametrize("together", [True, False], ids=["one batch", "one by one"])
def test_no_customer_makes_a_class(says: list[Told], verdict: str, together: bool) -> None:
    """A label counts once a live row has it, or where a source declares it; rows of the same batch are rows too."""
    dataset, verdicts = Dataset(), Counter[Verdict]()
    history = batches(says)
    for batch in [history] if together else [[made] for made in history]:
        verdicts += dataset.commit(batch, declared={"label:app=base"}).verdicts

    assert verdicts == Counter({"written": len(says) - 1}) + Counter({verdict: 1})
    assert not dataset.problems()


def test_corrections_in_train_are_counted() -> None:
    """One that changes nothing is none, nor one that is judged by; what came late has changed nothing."""
    dataset = told(document(1, label="math"), document(2, label="calc"))
    for said, counted in [
        ([correction(1, "math", 5)], 1),
        ([correction(1, "math", 6), correction(2, "math", 6, split=Split.TEST)], 0),
        ([correction(1, "calc", 4)], 0),
        ([correction(1, "calc", 8), correction(1, "math", 9)], 2),
        ([correction(3, "nothing", 9)], 0),
    ]:
        assert dataset.commit(batches(said)).corrections == counted
    denied = {rows(correction(4))[0].document_id}
    assert dataset.commit(batches([correction(4)]), denied).corrections == 0


SAID = st.builds(
    correction,
    number=st.integers(0, 2),
    label=st.sampled_from(["calc", "math"]),
    at=st.integers(0, 5),
    customer=st.sampled_from(["acme", "other"]),
    accepted=st.booleans(),
)
PAGES = st.builds(document, number=st.integers(0, 2), says=st.sampled_from("ab"), at=st.integers(0, 5))


@settings(max_examples=200, deadline=None)
@given(
    messages=st.lists(st.one_of(SAID, PAGES), max_size=20),
    sizes=st.lists(st.integers(1, 6), min_size=20, max_size=20),
    restarts=st.sets(st.integers(0, 20)),
)
def test_any_history_in_any_batches_comes_to_what_the_naive_model_says(
    messages: list[Told], sizes: list[int], restarts: set[int]
) -> None:
    """Pages and corrections, in any order, twice or thrice: live rows and their counts are the same."""
    dataset, left = Dataset(), batches(messages)
    for number, size in enumerate(sizes):
        if number in restarts:
            dataset.restart()
        dataset.commit(left[:size], declared={"label:app=calc", "label:app=math"})
        left = left[size:]

    assert {row.row_id for row in dataset.live()} == naive_live(filter(None, batches(messages)))
    assert len({row.row_id for row in dataset.rows}) == len(dataset.rows)
    assert not dataset.problems()
