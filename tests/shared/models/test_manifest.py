"""Tests of manifests: kept as they are, read by those who know fewer fields, and where things lie."""

import msgspec
import pytest

from shared.encoding.spec import Encoding, NgramSpec, Precision, TransformerSpec
from shared.io.object_store import require_key
from shared.models.manifest import FileEntry, ModelManifest, file_key, serving_files, version_key
from tests.shared.models.builders import manifest

E5 = TransformerSpec(name="e5", dimensions=384)


def test_a_manifest_comes_back_as_it_was() -> None:
    """Chinese labels and all; what a later writer adds is ignored."""
    made = manifest({"head.onnx": FileEntry(sha256="ab" * 32, bytes=7)}, labels=("表格", "calc"), champion=3)
    data = msgspec.json.encode(made)
    assert msgspec.json.decode(data, type=ModelManifest) == made
    assert msgspec.json.decode(data[:-1] + b',"later":1}', type=ModelManifest) == made


@pytest.mark.parametrize(
    ("encoding", "precision", "names"),
    [
        (Encoding(ngrams=NgramSpec()), "fp32", ("head.onnx", "ngrams.safetensors")),
        (Encoding(ngrams=NgramSpec(buckets=0)), "fp32", ("head.onnx", "ngrams.safetensors", "vocabulary.txt")),
        (Encoding(transformer=E5), "fp32", ("head.onnx", "tokenizer.json", "encoder.onnx")),
        (Encoding(transformer=E5), "int8", ("head.onnx", "tokenizer.json", "encoder.int8.onnx")),
    ],
)
def test_serving_needs_what_the_encoding_says(encoding: Encoding, precision: Precision, names: tuple[str, ...]) -> None:
    """And nothing else is fetched."""
    assert serving_files(encoding, precision) == names


def test_versions_are_listed_in_their_order() -> None:
    """By their keys, as a store lists them; all keys are such as any store keeps."""
    keys = [version_key("topic", version) for version in (2, 10, 1_000)]
    assert keys == sorted(keys)
    for key in (*keys, file_key("topic", "ab" * 32)):
        require_key(key)
