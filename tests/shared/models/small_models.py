"""Models of real make, small enough to be made anew in each test."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, numpy_helper
from onnx.helper import make_graph, make_model, make_node, make_opsetid, make_tensor_value_info
from onnxruntime.quantization import QuantType, quantize_dynamic

from services.trainer.head_graph import build_head
from shared.encoding.ngrams import NgramFeatures
from shared.encoding.spec import ATTENTION_MASK, INPUT_IDS, SENTENCE_EMBEDDING, Encoding, NgramSpec, TransformerSpec
from shared.models.manifest import ENCODER, HEAD, TOKENIZER
from shared.models.runtime import LoadedModel
from tests.shared.encoding.rows import real_rows
from tests.shared.encoding.small_tokenizer import PAD, WORDS, write_tokenizer

LABELS = ("calc", "impress", "writer")
DIMENSIONS = 16
BUCKETS = 4_096
TEXTS = [row.text for row in real_rows()]

NGRAMS = NgramSpec(buckets=BUCKETS)
TRANSFORMER = TransformerSpec(name="small", dimensions=DIMENSIONS, max_tokens=24, pad_id=PAD)
ENCODINGS = {
    "hashed": Encoding(ngrams=NGRAMS),
    "words": Encoding(ngrams=NgramSpec(buckets=0)),
    "transformer": Encoding(transformer=TRANSFORMER),
    "both": Encoding(ngrams=NGRAMS, transformer=TRANSFORMER),
}


def numbers(seed: int, *shape: int) -> NDArray[np.float32]:
    """Draw weights from a seed."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def encoder_graph(seed: int = 0) -> ModelProto:
    """Make an encoder: the mean of the tokens' vectors, times a matrix."""
    nodes = [
        make_node("Gather", ["table", INPUT_IDS], ["vectors"]),
        make_node("Cast", [ATTENTION_MASK], ["mask"], to=TensorProto.FLOAT),
        make_node("Unsqueeze", ["mask", "last"], ["wide_mask"]),
        make_node("Mul", ["vectors", "wide_mask"], ["kept"]),
        make_node("ReduceSum", ["kept", "second"], ["sums"], keepdims=0),
        make_node("ReduceSum", ["mask", "second"], ["counts"], keepdims=1),
        make_node("Div", ["sums", "counts"], ["means"]),
        make_node("MatMul", ["means", "matrix"], [SENTENCE_EMBEDDING]),
    ]
    tensors = {
        "table": numbers(seed, WORDS, DIMENSIONS),
        "matrix": numbers(seed + 1, DIMENSIONS, DIMENSIONS),
        "last": np.array([2]),
        "second": np.array([1]),
    }
    graph = make_graph(
        nodes,
        "encoder",
        [make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in (INPUT_IDS, ATTENTION_MASK)],
        [make_tensor_value_info(SENTENCE_EMBEDDING, TensorProto.FLOAT, ["batch", DIMENSIONS])],
        [numpy_helper.from_array(tensor, name) for name, tensor in tensors.items()],
    )
    return make_model(graph, opset_imports=[make_opsetid("", 20)], ir_version=10)


def write_encoder(folder: Path, seed: int = 0) -> None:
    """Write the encoder's two graphs."""
    plain, quantised = folder / ENCODER["fp32"], folder / ENCODER["int8"]
    plain.write_bytes(encoder_graph(seed).SerializeToString())
    quantize_dynamic(plain, quantised, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8)


def write_model(folder: Path, encoding: Encoding, seed: int = 0) -> dict[str, Path]:
    """Write the files of a model, and name them."""
    folder.mkdir(exist_ok=True)
    table = weights = None
    if encoding.ngrams is not None:
        features = NgramFeatures.fit(TEXTS, encoding)
        features.save(folder)
        table = numbers(seed, len(features.idf), len(LABELS))
    if encoding.transformer is not None:
        write_tokenizer(folder / TOKENIZER)
        write_encoder(folder, seed)
        weights = numbers(seed + 2, DIMENSIONS, len(LABELS))
    build_head(folder / HEAD, table, weights, numbers(seed + 3, len(LABELS)), 1.7)
    return {path.name: path for path in folder.iterdir()}


def load_model(folder: Path, encoding: Encoding, seed: int = 0) -> LoadedModel:
    """Write a model and load it, in int8 where it has an encoder."""
    return LoadedModel.load(
        write_model(folder, encoding, seed), LABELS, encoding, "int8" if encoding.transformer else "fp32"
    )
