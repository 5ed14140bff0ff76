"""ONNX Runtime's sessions, as they are for a server: in the caller's thread, and only of graphs that are safe."""

from pathlib import Path
from typing import Final

from onnxruntime import ExecutionMode, InferenceSession, SessionOptions

from shared.models.graphs import UnsafeGraph, Values, require_safe

_ERRORS_ONLY: Final = 3


def session_of(file: Path, inputs: Values, outputs: Values) -> InferenceSession:
    """Load a graph that has these inputs and outputs; raises `UnsafeGraph` for one that is no plain one."""
    require_safe(file, inputs, outputs)
    try:
        return InferenceSession(str(file), _options(), providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's exceptions have no class in common but this one
        raise UnsafeGraph(f"{file}: ONNX Runtime refuses it: {error}") from error


def _options() -> SessionOptions:
    """Run in the caller's thread, and keep no memory beyond a call: shapes differ from text to text."""
    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.enable_mem_pattern = False
    options.enable_cpu_mem_arena = False
    options.log_severity_level = _ERRORS_ONLY
    return options
