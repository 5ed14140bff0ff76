"""What is looked at in an ONNX graph before anything runs it: a graph is a program, and may ask for files."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto

MAX_BYTES: Final = 2**31 - 1
"""Protocol buffers hold no more."""

MICROSOFT: Final = "com.microsoft"
"""The operators that ONNX Runtime brings beside ONNX's own."""

FLOAT: Final = int(TensorProto.FLOAT)
INT64: Final = int(TensorProto.INT64)

_OWN: Final = ("", "ai.onnx")
_OLDEST_OPSET: Final = 7
# Each of these reads a file or runs a compiled blob that the graph names.
_OUTSIDE: Final = frozenset({"EPContext"})
_INTEGER_MATMULS: Final = frozenset(
    {"MatMulInteger", "QLinearMatMul", "MatMulIntegerToFloat", "DynamicQuantizeMatMul", "QGemm", "QAttention"}
)

Values = Mapping[str, tuple[int, int]]
"""Inputs or outputs by name: the element type, and how many dimensions there are."""


class UnsafeGraph(Exception):
    """A graph is refused: the file, and what is wrong with it."""


def require_safe(path: Path, inputs: Values | None = None, outputs: Values | None = None) -> ModelProto:
    """Read a graph that keeps to itself; raises `UnsafeGraph` for any other.

    It has operators of ONNX and ONNX Runtime alone, in a version that is known, no functions of its own, and all its
    tensors inside. Where `inputs` or `outputs` are given it has these and no others.
    """
    model = _parsed(path)
    for problem in _problems(model):
        raise UnsafeGraph(f"{path}: {problem}")
    for kind, expected, found in (("inputs", inputs, model.graph.input), ("outputs", outputs, model.graph.output)):
        if expected is not None and _values(found) != dict(expected):
            raise UnsafeGraph(f"{path}: its {kind} are {_values(found)}, and should be {dict(expected)}")
    return model


def integer_matmuls(path: Path) -> int:
    """Count the products of integer matrices in a graph: 0 means that nothing was quantised."""
    return sum(node.op_type in _INTEGER_MATMULS for graph in _graphs(_parsed(path).graph) for node in graph.node)


def _parsed(path: Path) -> ModelProto:
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise UnsafeGraph(f"{path}: {size:,} bytes, and {MAX_BYTES:,} are the most")
    try:
        model = onnx.load_model(str(path), load_external_data=False)
    except DecodeError as error:
        raise UnsafeGraph(f"{path}: no ONNX graph: {error}") from error
    if not model.graph.node:
        raise UnsafeGraph(f"{path}: a graph without a node")
    return model


def _problems(model: ModelProto) -> Iterator[str]:
    if model.functions:
        yield f"functions of its own, such as {model.functions[0].name!r}"
    if model.training_info:
        yield "a training graph"
    known = {"": onnx.defs.onnx_opset_version(), MICROSOFT: 1}
    for opset in model.opset_import:
        domain = "" if opset.domain in _OWN else opset.domain
        oldest = _OLDEST_OPSET if domain == "" else 1
        if domain in known and not oldest <= opset.version <= known[domain]:
            yield f"opset {opset.version} of {domain or 'ONNX'!r}, and {oldest} to {known[domain]} are known"
    for graph in _graphs(model.graph):
        yield from _graph_problems(graph)


def _graph_problems(graph: GraphProto) -> Iterator[str]:
    for node in graph.node:
        if node.domain not in (*_OWN, MICROSOFT) or node.op_type in _OUTSIDE:
            yield f"the operator {node.domain}:{node.op_type}, which is neither ONNX's nor ONNX Runtime's"
    for tensor in _tensors(graph):
        if tensor.data_location != TensorProto.DEFAULT or tensor.external_data:
            yield f"the tensor {tensor.name!r} is in another file"


def _graphs(graph: GraphProto) -> Iterator[GraphProto]:
    """Give a graph and those inside of it, such as the branches of an `If`."""
    yield graph
    for attribute in _attributes(graph.node):
        for inner in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
            yield from _graphs(inner)


def _tensors(graph: GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    sparse = list(graph.sparse_initializer)
    for attribute in _attributes(graph.node):
        yield from attribute.tensors
        if attribute.HasField("t"):
            yield attribute.t
        sparse += attribute.sparse_tensors
        if attribute.HasField("sparse_tensor"):
            sparse.append(attribute.sparse_tensor)
    for one in sparse:
        yield from (one.values, one.indices)


def _attributes(nodes: Iterator[NodeProto] | list[NodeProto]) -> Iterator[AttributeProto]:
    return (attribute for node in nodes for attribute in node.attribute)


def _values(found: list[ValueInfoProto]) -> dict[str, tuple[int, int]]:
    return {value.name: (value.type.tensor_type.elem_type, len(value.type.tensor_type.shape.dim)) for value in found}
