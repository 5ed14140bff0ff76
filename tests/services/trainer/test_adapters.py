"""Tests of adapters in a transformer, on one that is tiny."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from services.trainer.adapters import Adapting, TokenRows, adaptable, with_adapters
from services.trainer.export import MeanPooled, load_transformer
from tests.services.trainer.learning import scheduled
from tests.services.trainer.tiny_bert import tiny_bert

ROWS = TokenRows([[2, 7, 3], [2, 9, 8, 5, 3], [2, 3]], 0, np.array([0, 1, 0]), np.array([1, 2, 1], np.float32))


def test_rows_are_padded_to_the_longest_taken() -> None:
    """And masked there; lengths are for batches of rows that are alike."""
    batch = ROWS.take(np.array([2, 0]))
    assert batch.ids.tolist() == [[2, 3, 0], [2, 7, 3]]
    assert batch.mask.tolist() == [[1, 1, 0], [1, 1, 1]]
    assert batch.targets.tolist() == [0, 0]
    assert ROWS.lengths.tolist() == [3, 5, 2]


def layers(*names: str) -> nn.Module:
    """Give a module that has twelve layers with these in them."""
    twelve = [nn.ModuleDict({name: nn.Linear(2, 2) for name in names}) for _ in range(12)]
    return nn.ModuleDict({"layer": nn.ModuleList(twelve)})


@pytest.mark.parametrize("names", [("query", "key", "value"), ("q_lin", "v_lin"), ("q_proj", "k_proj", "v_proj")])
def test_the_upper_layers_queries_and_values_are_adapted(names: tuple[str, ...]) -> None:
    """By whichever names an architecture has for them."""
    wanted = (names[0], names[-1])
    assert adaptable(layers(*names)) == [f"layer.{layer}.{name}" for layer in range(8, 12) for name in wanted]


def test_an_unknown_architecture_is_told() -> None:
    """With what can be done."""
    with pytest.raises(ValueError, match="no attention layers of a known name: use method = 'frozen'"):
        adaptable(layers("mixer"))


def test_adapters_begin_with_nothing_to_add(tmp_path: Path) -> None:
    """And only they learn."""
    plain = load_transformer(tiny_bert(tmp_path))
    adapted = with_adapters(load_transformer(tiny_bert(tmp_path)), seed=0)
    batch = ROWS.take(np.arange(3))
    with torch.no_grad():
        assert torch.equal(MeanPooled(adapted)(batch.ids, batch.mask), MeanPooled(plain)(batch.ids, batch.mask))
    learnt = {name for name, parameter in adapted.named_parameters() if parameter.requires_grad}
    assert learnt
    assert all("lora_" in name for name in learnt)


def test_merged_they_say_what_they_said_apart(tmp_path: Path) -> None:
    """So the graph that is exported is the model that was learnt, and no larger than before."""
    adapted = with_adapters(load_transformer(tiny_bert(tmp_path)), seed=0)
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter)
    batch = ROWS.take(np.arange(3))
    with torch.no_grad():
        apart = MeanPooled(adapted)(batch.ids, batch.mask)
        merged = adapted.merge_and_unload()
        together = MeanPooled(merged)(batch.ids, batch.mask)
        plain = MeanPooled(load_transformer(tiny_bert(tmp_path)))(batch.ids, batch.mask)
    assert torch.allclose(apart, together, atol=1e-5)
    assert not torch.allclose(plain, together, atol=1e-2)
    assert sum(map(torch.numel, merged.parameters())) == sum(
        map(torch.numel, load_transformer(tiny_bert(tmp_path)).parameters())
    )


def test_the_loss_falls(tmp_path: Path) -> None:
    """On rows of which the label can be told."""
    module = Adapting(with_adapters(load_transformer(tiny_bert(tmp_path)), seed=0), labels=2, steps=30)
    module.train()
    assert not module.pooled.training, "dropout would make a resumed run another one"
    found = module.configure_optimizers()
    assert isinstance(found, dict)
    optimiser = found["optimizer"]
    batch = ROWS.take(np.arange(3))
    losses = []
    for _ in range(30):
        loss = cross_entropy(module(batch), batch.targets)
        losses.append(loss.item())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert losses[-1] < losses[0] / 2


def test_a_checkpoint_holds_what_is_learnt_alone(tmp_path: Path) -> None:
    """A hundredth of a real encoder; its own weights are in its own file."""
    module = Adapting(with_adapters(load_transformer(tiny_bert(tmp_path)), seed=0), labels=2, steps=30)
    checkpoint = {"state_dict": module.state_dict()}
    module.on_save_checkpoint(checkpoint)
    assert checkpoint["state_dict"]
    assert all("lora_" in name or name.startswith(("norm.", "linear.")) for name in checkpoint["state_dict"])


def test_the_rate_rises_and_falls() -> None:
    """Over a tenth of the steps, and the rest of them."""
    module = Adapting.__new__(Adapting)
    nn.Module.__init__(module)
    module.steps, module.linear = 100, nn.Linear(1, 1)
    module.pooled = nn.Linear(1, 1)  # type: ignore[assignment] # anything that has parameters
    found = module.configure_optimizers()
    rate = scheduled(found)
    assert rate(0) == pytest.approx(0.1)
    assert rate(9) == pytest.approx(1)
    assert rate(99) == pytest.approx(0, abs=0.02)
    assert max(map(rate, range(101))) <= 1
