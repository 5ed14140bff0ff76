"""Quantises a graph, in a process of its own: it takes two gigabytes, which only the end of a process gives back.

Dynamic quantisation of ONNX Runtime: int8 weights by channel and in 7 bits (`reduce_range`), for without VNNI's
instructions sums of products of 8 bits overflow. The scales of what flows through come from each request.
"""

import os
import subprocess
import sys
from pathlib import Path

from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process

from shared.stream.parent import die_with_forker


class QuantisationFailed(Exception):
    """The process ended with an error; the message has its last words."""


def quantised(plain: Path, target: Path) -> None:
    """Have the graph `plain` written to `target` in int8; raises `QuantisationFailed`."""
    command = [sys.executable, "-m", "services.trainer.quantise", str(plain), str(target)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise QuantisationFailed(f"{plain} could not be quantised ({done.returncode}): {done.stderr[-500:].strip()}")


def quantise(plain: Path, target: Path) -> None:
    """Write the graph `plain` to `target` in int8."""
    ready = target.with_name("prepared.onnx")
    quant_pre_process(plain, ready, skip_symbolic_shape=True)
    quantize_dynamic(ready, target, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8)
    ready.unlink()


if __name__ == "__main__":
    die_with_forker()
    quantise(*map(Path, sys.argv[1:]))
