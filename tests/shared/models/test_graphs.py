"""Graphs are looked at before they are run: nothing outside of them, nothing unknown in them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from shared.encoding.spec import ATTENTION_MASK, INPUT_IDS, SENTENCE_EMBEDDING, Precision
from shared.models.graphs import FLOAT, INT64, MAX_BYTES, UnsafeGraph, integer_matmuls, require_safe
from shared.models.manifest import ENCODER
from tests.shared.models.small_models import encoder_graph, write_encoder

INPUTS = {INPUT_IDS: (INT64, 2), ATTENTION_MASK: (INT64, 2)}
OUTPUTS = {SENTENCE_EMBEDDING: (FLOAT, 2)}


def outside(name: str = "stolen") -> TensorProto:
    """Make a tensor whose bytes are in another file."""
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="../../etc/passwd")
    return tensor


def external_initializer(model: ModelProto) -> None:
    """Read another file at load."""
    model.graph.initializer.append(outside())


def external_without_location(model: ModelProto) -> None:
    """Say it with the list alone."""
    tensor = outside()
    tensor.data_location = TensorProto.DEFAULT
    model.graph.initializer.append(tensor)


def external_constant(model: ModelProto) -> None:
    """Hide it in an attribute."""
    model.graph.node.append(helper.make_node("Constant", [], ["stolen"], value=outside()))


def external_in_branch(model: ModelProto) -> None:
    """Hide it in a branch of a branch."""
    node = helper.make_node("Constant", [], ["stolen"], value=outside())
    for _ in range(2):
        branch = helper.make_graph([node], "branch", [], [])
        node = helper.make_node("If", ["condition"], ["stolen"], then_branch=branch, else_branch=branch)
    model.graph.node.append(node)


def external_sparse(model: ModelProto) -> None:
    """Hide it in a sparse tensor."""
    indices = numpy_helper.from_array(np.array([0, 1, 2, 3]))
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(outside(), indices, [9]))


def external_sparse_constant(model: ModelProto) -> None:
    """And that in an attribute."""
    sparse = helper.make_sparse_tensor(outside(), numpy_helper.from_array(np.array([0, 1, 2, 3])), [9])
    model.graph.node.append(helper.make_node("Constant", [], ["stolen"], sparse_value=sparse))


def other_domain(model: ModelProto) -> None:
    """Ask for somebody's own library."""
    model.graph.node.append(helper.make_node("Gelu", ["means"], ["own"], domain="org.example"))


def other_domain_in_branch(model: ModelProto) -> None:
    """Ask for it in a branch."""
    branch = helper.make_graph([helper.make_node("Py", [], ["own"], domain="ai.onnx.contrib")], "branch", [], [])
    model.graph.node.append(helper.make_node("If", ["condition"], ["own"], then_branch=branch, else_branch=branch))


def compiled_blob(model: ModelProto) -> None:
    """Name a file that an execution provider would run."""
    model.graph.node.append(
        helper.make_node("EPContext", ["means"], ["own"], domain="com.microsoft", ep_cache_context="../blob.bin")
    )


def own_function(model: ModelProto) -> None:
    """Redefine an operator."""
    node = helper.make_node("Identity", ["x"], ["y"])
    model.functions.append(helper.make_function("", "MatMul", ["x"], ["y"], [node], [helper.make_opsetid("", 20)]))


def training(model: ModelProto) -> None:
    """Carry a second graph."""
    model.training_info.add().algorithm.node.append(helper.make_node("Constant", [], ["x"], value=outside()))


def opset(domain: str, version: int) -> Callable[[ModelProto], None]:
    """Say that another version of the operators is meant."""

    def change(model: ModelProto) -> None:
        del model.opset_import[:]
        model.opset_import.append(helper.make_opsetid(domain, version))

    return change


def empty(model: ModelProto) -> None:
    """Do nothing."""
    del model.graph.node[:]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (external_initializer, "'stolen' is in another file"),
        (external_without_location, "'stolen' is in another file"),
        (external_constant, "'stolen' is in another file"),
        (external_in_branch, "'stolen' is in another file"),
        (external_sparse, "'stolen' is in another file"),
        (external_sparse_constant, "'stolen' is in another file"),
        (other_domain, "org.example:Gelu"),
        (other_domain_in_branch, "ai.onnx.contrib:Py"),
        (compiled_blob, "EPContext"),
        (own_function, "functions of its own"),
        (training, "a training graph"),
        (opset("", 6), "opset 6"),
        (opset("ai.onnx", 9_999), "opset 9999"),
        (opset("com.microsoft", 2), "opset 2 of 'com.microsoft'"),
        (empty, "without a node"),
    ],
)
def test_a_graph_that_asks_for_more_is_refused(
    tmp_path: Path, change: Callable[[ModelProto], None], words: str
) -> None:
    """And the refusal names the file, and what is wrong."""
    model = encoder_graph()
    change(model)
    file = tmp_path / "encoder.onnx"
    file.write_bytes(model.SerializeToString())

    with pytest.raises(UnsafeGraph, match=rf"encoder\.onnx.*{words}"):
        require_safe(file)


@pytest.mark.parametrize("content", [b"", b"\x80\x04\x95pickle", b"\x08", bytes(range(256))])
def test_what_is_no_graph_is_refused(tmp_path: Path, content: bytes) -> None:
    """A pickle, or half of a file."""
    file = tmp_path / "head.onnx"
    file.write_bytes(content)

    with pytest.raises(UnsafeGraph, match=r"head\.onnx"):
        require_safe(file)


def test_a_graph_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    """By its size alone; this file has no blocks on the disk."""
    file = tmp_path / "head.onnx"
    with file.open("wb") as content:
        content.truncate(MAX_BYTES + 1)

    with pytest.raises(UnsafeGraph, match="are the most"):
        require_safe(file)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_plain_graph_is_safe(tmp_path: Path, precision: Precision) -> None:
    """With what the quantiser adds to it, too."""
    write_encoder(tmp_path)

    require_safe(tmp_path / ENCODER[precision], INPUTS, OUTPUTS)


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        ({INPUT_IDS: (INT64, 2)}, OUTPUTS),
        (INPUTS | {"token_type_ids": (INT64, 2)}, OUTPUTS),
        (INPUTS | {INPUT_IDS: (FLOAT, 2)}, OUTPUTS),
        (INPUTS, {SENTENCE_EMBEDDING: (FLOAT, 3)}),
        (INPUTS, {"last_hidden_state": (FLOAT, 2)}),
    ],
)
def test_another_interface_is_refused(
    tmp_path: Path, inputs: dict[str, tuple[int, int]], outputs: dict[str, tuple[int, int]]
) -> None:
    """Names, element types and numbers of dimensions are those of the spec."""
    file = tmp_path / "encoder.onnx"
    file.write_bytes(encoder_graph().SerializeToString())

    with pytest.raises(UnsafeGraph, match="and should be"):
        require_safe(file, inputs, outputs)


def test_products_of_integers_are_counted(tmp_path: Path) -> None:
    """None before the quantiser, one after it, and those in branches as well."""
    write_encoder(tmp_path)
    branched = tmp_path / "branched.onnx"
    branch = helper.make_graph([helper.make_node("MatMulInteger", ["a", "b"], ["c"])], "branch", [], [])
    node = helper.make_node("If", ["condition"], ["c"], then_branch=branch, else_branch=branch)
    onnx.save_model(helper.make_model(helper.make_graph([node], "branched", [], [])), str(branched))

    files = (tmp_path / ENCODER["fp32"], tmp_path / ENCODER["int8"], branched)
    assert [integer_matmuls(file) for file in files] == [0, 1, 2]
