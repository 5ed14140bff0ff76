"""Graphs are run in the caller's thread, and only if they are plain ones."""

from pathlib import Path

import onnx
import pytest

from shared.models.graphs import FLOAT, INT64, UnsafeGraph
from shared.models.sessions import session_of
from tests.shared.models.small_models import encoder_graph

INPUTS = {"input_ids": (INT64, 2), "attention_mask": (INT64, 2)}
OUTPUTS = {"sentence_embedding": (FLOAT, 2)}


def test_a_session_takes_no_other_thread(tmp_path: Path) -> None:
    """Neither for a product of matrices nor for two nodes at once; nor does one spin while it waits."""
    onnx.save(encoder_graph(), tmp_path / "encoder.onnx")
    options = session_of(tmp_path / "encoder.onnx", INPUTS, OUTPUTS).get_session_options()

    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)
    assert not options.enable_cpu_mem_arena
    for threads in ("intra_op", "inter_op"):
        assert options.get_session_config_entry(f"session.{threads}.allow_spinning") == "0"


def test_what_is_no_plain_graph_is_refused(tmp_path: Path) -> None:
    """By what is looked at before it is run, and by ONNX Runtime itself, with the name of the file."""
    file = tmp_path / "encoder.onnx"
    onnx.save(encoder_graph(), file)
    with pytest.raises(UnsafeGraph, match="its outputs are"):
        session_of(file, INPUTS, {"logits": (FLOAT, 2)})

    graph = encoder_graph()
    graph.graph.node[-1].input[0] = "nowhere"
    onnx.save(graph, file)
    with pytest.raises(UnsafeGraph, match=r"encoder\.onnx: ONNX Runtime refuses it"):
        session_of(file, INPUTS, OUTPUTS)
