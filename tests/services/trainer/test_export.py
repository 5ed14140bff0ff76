"""Tests of how a transformer becomes graphs."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, save_model

from services.trainer.export import MeanPooled, export, load_transformer, opened
from shared.encoding.spec import ATTENTION_MASK, INPUT_IDS, SENTENCE_EMBEDDING
from shared.models.graphs import require_safe
from shared.models.manifest import ENCODER
from tests.services.trainer.tiny_bert import tiny_bert

IDS = torch.tensor([[2, 7, 9, 8, 3], [2, 5, 3, 0, 0]])
MASK = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])


def asked(graph: Path, ids: torch.Tensor, mask: torch.Tensor) -> np.ndarray:
    """Ask a graph."""
    session = onnxruntime.InferenceSession(graph)
    (found,) = session.run([SENTENCE_EMBEDDING], {INPUT_IDS: ids.numpy(), ATTENTION_MASK: mask.numpy()})
    return np.asarray(found)


def test_the_graph_gives_what_the_transformer_gives(tiny_graphs: Path) -> None:
    """For any number of texts and tokens, padded or not."""
    pooled = MeanPooled(load_transformer(tiny_bert(tiny_graphs / "tiny")))
    for ids, mask in ((IDS, MASK), (IDS[:1, :1], MASK[:1, :1]), (IDS.repeat(3, 7), MASK.repeat(3, 7))):
        with torch.no_grad():
            expected = pooled(ids, mask).numpy()
        assert asked(tiny_graphs / ENCODER["fp32"], ids, mask) == pytest.approx(expected, abs=1e-5)


def test_padding_changes_nothing(tiny_graphs: Path) -> None:
    """The mean is over the tokens that are there."""
    both = asked(tiny_graphs / ENCODER["fp32"], IDS, MASK)
    alone = asked(tiny_graphs / ENCODER["fp32"], IDS[1:, :3], MASK[1:, :3])
    assert both[1] == pytest.approx(alone[0], abs=1e-5)


def test_the_int8_graph_is_near_and_serves(tiny_graphs: Path) -> None:
    """It multiplies integers, and says nearly the same."""
    found = opened(tiny_graphs)
    assert found.precision == "int8"
    assert found.serving == tiny_graphs / ENCODER["int8"]
    plain, quantised = (asked(tiny_graphs / name, IDS, MASK) for name in ENCODER.values())
    cosines = (plain * quantised).sum(axis=1) / np.linalg.norm(plain, axis=1) / np.linalg.norm(quantised, axis=1)
    assert cosines.min() > 0.98
    assert not np.array_equal(plain, quantised)


def test_the_graphs_keep_to_themselves(tiny_graphs: Path) -> None:
    """A gateway refuses any other; and nothing else is left in the folder."""
    for name in ENCODER.values():
        require_safe(tiny_graphs / name)
    assert {path.name for path in tiny_graphs.iterdir() if path.is_file()} == set(ENCODER.values())


def test_what_multiplies_no_integers_serves_in_fp32(tmp_path: Path) -> None:
    """A quantised graph without them would be no faster; the reason is told."""
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "plain", [value], [out])
    for name in ENCODER.values():
        save_model(helper.make_model(graph), tmp_path / name)
    found = opened(tmp_path)
    assert found.precision == "fp32"
    assert "no product of integer matrices" in found.int8_refusal
    assert found.serving == tmp_path / ENCODER["fp32"]


class Dropping(torch.nn.Module):
    """Says something else each time that it is asked: no graph can be its equal."""

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> object:
        """Give noise for a last layer."""
        del attention_mask
        noise = torch.rand(*input_ids.shape, 4)
        return type("Output", (), {"last_hidden_state": noise + input_ids.unsqueeze(-1)})()


def test_a_graph_that_differs_is_refused(tmp_path: Path) -> None:
    """Before anything is learnt on it."""
    with pytest.raises(ValueError, match="differs from the transformer"):
        export(Dropping(), tmp_path)
