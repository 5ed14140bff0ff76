"""Tests of quantisation in a process of its own."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, load_model, numpy_helper, save_model

from services.trainer.quantise import QuantisationFailed, quantised
from shared.models.graphs import integer_matmuls

COLUMNS = 256


def product(plain: Path) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    """Write a graph that multiplies by a matrix whose columns differ in size, and give the matrix."""
    sizes = np.geomspace(0.01, 10, COLUMNS)
    weights = (np.random.default_rng(0).normal(size=(256, COLUMNS)) * sizes).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "weights"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 256])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", COLUMNS])],
        [numpy_helper.from_array(weights, "weights")],
    )
    save_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), plain)
    return weights


def test_a_product_of_matrices_becomes_one_of_integers(tmp_path: Path) -> None:
    """Four times as small, in the file that was asked for; a scale for each column, and weights of seven bits."""
    plain, target = tmp_path / "plain.onnx", tmp_path / "int8.onnx"
    weights = product(plain)
    quantised(plain, target)
    assert integer_matmuls(plain) == 0
    assert integer_matmuls(target) == 1
    assert target.stat().st_size < plain.stat().st_size / 3
    assert {path.name for path in tmp_path.iterdir()} == {"plain.onnx", "int8.onnx"}
    tensors = {one.name: numpy_helper.to_array(one) for one in load_model(target).graph.initializer}
    whole, scales = tensors["weights_quantized"], tensors["weights_scale"]
    assert (str(whole.dtype), scales.shape) == ("int8", (COLUMNS,))
    assert 60 < np.abs(whole.astype(np.int16)).max() <= 64
    assert np.abs(whole * scales - weights).max(axis=0) == pytest.approx(scales / 2, rel=0.1)


def test_what_is_no_graph_is_told_with_the_process_s_words(tmp_path: Path) -> None:
    """The file, and what came of it."""
    (tmp_path / "plain.onnx").write_bytes(b"no graph")
    with pytest.raises(QuantisationFailed, match=r"plain\.onnx could not be quantised \(1\): "):
        quantised(tmp_path / "plain.onnx", tmp_path / "int8.onnx")
