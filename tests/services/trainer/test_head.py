"""Tests of the head and its loss."""

import pytest
import torch
from sklearn.svm import LinearSVC

from services.trainer.head import Batch, Head, Sizes, squared_hinge
from tests.services.trainer.learning import scheduled

ROWS = 3


def batch(dimensions: int = 2) -> Batch:
    """Give three rows, of which the second has no n-gram."""
    return Batch(
        ids=torch.tensor([0, 1, 1]),
        weights=torch.tensor([1.0, 0.5, 2.0]),
        starts=torch.tensor([0, 2, 2]),
        embeddings=torch.arange(ROWS * dimensions, dtype=torch.float32).reshape(ROWS, dimensions),
        targets=torch.tensor([0, 1, 1]),
        row_weights=torch.tensor([1.0, 2.0, 0.0]),
    )


def test_logits_are_sums_of_what_is_there() -> None:
    """The n-grams' rows times their weights, the embedding times its, and the bias."""
    head = Head(Sizes(ngrams=2, dimensions=2, labels=2), steps=1)
    head.load_state_dict(
        {
            "table.weight": torch.tensor([[1.0, 0.0], [0.0, 1.0]]),
            "linear.weight": torch.tensor([[10.0, 0.0], [0.0, 10.0]]),
            "bias": torch.tensor([0.25, 0.5]),
        }
    )
    assert head(batch()).tolist() == [[1.25, 11.0], [20.25, 30.5], [40.25, 52.5]]


def test_it_begins_at_zero() -> None:
    """So nothing but the rows' order is left to chance."""
    assert not any(parameter.any() for parameter in Head(Sizes(9, 4, 3), steps=1).parameters())


def test_without_embeddings_there_is_no_layer_for_them() -> None:
    """And with none in the batch the logits are the n-grams' alone."""
    head = Head(Sizes(ngrams=2, dimensions=0, labels=2), steps=1)
    assert head.linear is None
    assert head(batch(dimensions=0)).tolist() == [[0, 0]] * ROWS


def test_the_loss_is_the_weighted_squared_hinge() -> None:
    """Of each label against the rest: beyond the margin nothing, else the square of what is missing."""
    logits = torch.tensor([[2.0, -3.0], [0.5, 0.5], [9.0, 9.0]])
    missing = 1.5**2 + 0.5**2  # the second row's, which counts double; the third doesn't count
    assert squared_hinge(logits, batch()).item() == pytest.approx(2 * missing / ROWS)


def test_it_is_the_loss_of_linear_svc() -> None:
    """On rows that each have one n-gram it puts the labels where scikit-learn does."""
    ids = torch.tensor([0, 0, 1, 1, 2, 2])
    targets = torch.tensor([0, 0, 1, 1, 2, 0])
    rows = Batch(ids, torch.ones(6), torch.arange(6), torch.empty(6, 0), targets, torch.ones(6))
    head = Head(Sizes(3, 0, 3), steps=1)
    optimiser = torch.optim.SGD(head.parameters(), lr=0.5)
    for _ in range(2_000):
        optimiser.zero_grad()
        squared_hinge(head(rows), rows).backward()
        optimiser.step()
    peer = LinearSVC(C=1e5, intercept_scaling=1.0, max_iter=1_000_000)
    features = torch.nn.functional.one_hot(ids).numpy()
    peer.fit(features, targets.numpy())
    ours = head(rows).detach().numpy()
    assert ours == pytest.approx(peer.decision_function(features), abs=0.02)


def test_the_rate_falls_in_a_line() -> None:
    """From one to zero over the steps of the run."""
    found = Head(Sizes(2, 0, 2), steps=4).configure_optimizers()
    rate = scheduled(found)
    assert [rate(step) for step in range(6)] == [1, 0.75, 0.5, 0.25, 0, 0]
