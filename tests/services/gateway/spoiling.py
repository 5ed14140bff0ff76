"""Ways to spoil a version of a model, before it is signed and after."""

import pickle
from pathlib import Path

import onnx
from onnx import TensorProto

from shared.io.object_store import ObjectStore

Files = dict[str, Path]


def point_outside(files: Files) -> None:
    """Let the head's table be in a file outside of the model."""
    graph = onnx.load(files["head.onnx"])
    tensor = next(one for one in graph.graph.initializer if one.name == "ngram_table")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../../etc/hostname")
    files["head.onnx"].write_bytes(graph.SerializeToString())


def put_pickle(files: Files) -> None:
    """Add a pickle to the model."""
    files["weights.pkl"] = files["head.onnx"].with_name("weights.pkl")
    files["weights.pkl"].write_bytes(pickle.dumps({"weights": [1.0]}))


def alter(store: ObjectStore, key: str) -> None:
    """Change one bit of an object."""
    data = bytearray(store.get(key))
    data[len(data) // 2] ^= 1
    store.put(key, bytes(data))
