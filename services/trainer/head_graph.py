"""Writes a linear head as `head.onnx`: it takes what the encoding has, and gives logits and probabilities."""

from pathlib import Path
from typing import Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, ValueInfoProto, numpy_helper
from onnx.helper import make_graph, make_model, make_node, make_opsetid, make_tensor_value_info

from shared.encoding.spec import EMBEDDING, LOGITS, NGRAM_IDS, NGRAM_WEIGHTS, PROBABILITIES

OPSET: Final = 20
IR_VERSION: Final = 10

Floats = NDArray[np.float32]


def build_head(
    path: Path, ngram_table: Floats | None, embedding_weights: Floats | None, bias: Floats, scale: float
) -> None:
    """Write a graph to `path` whose probabilities are `softmax(scale * logits)`.

    The logits are `bias`, (labels,), plus the rows of `ngram_table`, (buckets, labels), that the ids name, each times
    its weight, plus the embedding times `embedding_weights`, (dimensions, labels). Raises `ValueError` where neither of
    the two is there, or where shapes differ or a number is not finite.
    """
    tables = {"ngram_table": ngram_table, "embedding_weights": embedding_weights}
    tensors = {name: table for name, table in tables.items() if table is not None} | {"bias": bias}
    _require_fitting(tensors)
    inputs, nodes, terms = [], [], ["bias"]
    if ngram_table is not None:
        inputs += [
            make_tensor_value_info(NGRAM_IDS, TensorProto.INT64, ["batch", "ngrams"]),
            make_tensor_value_info(NGRAM_WEIGHTS, TensorProto.FLOAT, ["batch", "ngrams"]),
        ]
        nodes += _ngram_nodes()
        terms.append("ngram_term")
    if embedding_weights is not None:
        inputs.append(make_tensor_value_info(EMBEDDING, TensorProto.FLOAT, ["batch", len(embedding_weights)]))
        nodes.append(make_node("MatMul", [EMBEDDING, "embedding_weights"], ["embedding_term"]))
        terms.append("embedding_term")
    nodes.append(make_node("Sum", terms, [LOGITS]))
    nodes.append(make_node("Mul", [LOGITS, "scale"], ["scaled"]))
    nodes.append(make_node("Softmax", ["scaled"], [PROBABILITIES], axis=-1))
    _write(path, inputs, nodes, tensors | {"scale": np.array(scale, dtype=np.float32)}, len(bias))


def _ngram_nodes() -> list[NodeProto]:
    """Sum each text's rows of the table as one product of (1, ngrams) and (ngrams, labels): no third array is made."""
    return [
        make_node("Gather", ["ngram_table", NGRAM_IDS], ["ngram_rows"]),
        make_node("Constant", [], ["second"], value_ints=[1]),
        make_node("Unsqueeze", [NGRAM_WEIGHTS, "second"], ["ngram_row_weights"]),
        make_node("MatMul", ["ngram_row_weights", "ngram_rows"], ["ngram_sums"]),
        make_node("Squeeze", ["ngram_sums", "second"], ["ngram_term"]),
    ]


def _require_fitting(tensors: dict[str, Floats]) -> None:
    if len(tensors) == 1:
        raise ValueError("a head takes n-grams, an embedding or both")
    labels = {tensor.shape[-1] for tensor in tensors.values()}
    if len(labels) > 1:
        raise ValueError(f"as many labels in each: { ({name: one.shape for name, one in tensors.items()}) }")
    for name, tensor in tensors.items():
        if tensor.dtype != np.float32 or not np.isfinite(tensor).all():
            raise ValueError(f"{name} should hold finite float32 numbers")


def _write(
    path: Path, inputs: list[ValueInfoProto], nodes: list[NodeProto], tensors: dict[str, Floats], labels: int
) -> None:
    outputs = [make_tensor_value_info(name, TensorProto.FLOAT, ["batch", labels]) for name in (LOGITS, PROBABILITIES)]
    weights = [numpy_helper.from_array(np.ascontiguousarray(tensor), name) for name, tensor in tensors.items()]
    graph = make_graph(nodes, "head", inputs, outputs, weights)
    model = make_model(graph, opset_imports=[make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="millrace")
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))
