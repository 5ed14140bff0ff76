"""One model version: which files, made of which dataset by which recipe, with which figures. Immutable, and signed.

`models/<model>/versions/<version>.json` is a signed envelope (see `signing`) around the manifest, made by one
conditional PUT: of many writers exactly one makes a version. Files are `models/<model>/files/<sha256>`: equal bytes,
one object, so that a retrained head does not carry its frozen encoder to the store again.
"""

from typing import Final

import msgspec

from shared.contracts.timestamp import Timestamp
from shared.encoding import spec
from shared.encoding.spec import Encoding, Precision

FORMAT: Final = 1
FILE_SUFFIXES: Final = (".onnx", ".safetensors", ".json", ".txt", ".md")
"""What a model may hold: graphs, tensors, plain data. Nothing that runs code when it is read, so no pickle."""

HEAD: Final = "head.onnx"
HEAD_WEIGHTS: Final = "head.safetensors"
ADAPTER_WEIGHTS: Final = "adapters.safetensors"
ENCODER: Final[dict[Precision, str]] = {"fp32": "encoder.onnx", "int8": "encoder.int8.onnx"}
TOKENIZER: Final = spec.TOKENIZER
NGRAMS: Final = spec.NGRAMS
VOCABULARY: Final = spec.VOCABULARY
GOLDEN: Final = "golden.json"
CARD: Final = "card.md"


class FileEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One file: the hex SHA-256 of its bytes, and how many there are."""

    sha256: str
    bytes: int


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What a version cost: `rows` that it was trained on, wall and CPU seconds, and wall seconds of each stage."""

    rows: int
    seconds: float
    cpu_seconds: float
    stages: dict[str, float] = msgspec.field(default_factory=dict)


class GoldenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A text, and the probabilities that the model gave for it when it was published, in the order of its labels."""

    text: str
    probabilities: tuple[float, ...]


class ModelManifest(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a model.

    `run` names the training run that made it: a run makes at most one version. `labels` are in the order of the
    graph's outputs. `precision` says which graph serves; where int8 was refused, `int8_refusal` says why. `metrics` and
    `baseline` hold accuracies by `<split>.<slice>`, such as `test.page:zh`. `champion` is the version that served
    when the run began.
    """

    model: str
    version: int
    task: str
    kind: str
    run: str
    created_at: Timestamp
    labels: tuple[str, ...]
    encoding: Encoding
    files: dict[str, FileEntry]
    dataset: str
    dataset_version: int
    dataset_sha256: str
    evaluation_set: str = ""
    recipe: str = ""
    hyperparameters: dict[str, float | int | str | bool] = msgspec.field(default_factory=dict)
    precision: Precision = "fp32"
    int8_refusal: str = ""
    metrics: dict[str, float] = msgspec.field(default_factory=dict)
    baseline: dict[str, float] = msgspec.field(default_factory=dict)
    cost: Cost
    champion: int | None = None
    code_version: str = ""
    licences: tuple[str, ...] = ()
    format: int = FORMAT


def version_key(model: str, version: int) -> str:
    """Give the key of a version's signed manifest."""
    return f"models/{model}/versions/{version:08d}.json"


def file_key(model: str, sha256: str) -> str:
    """Give the key of the file that has this digest."""
    return f"models/{model}/files/{sha256}"


def serving_files(encoding: Encoding, precision: Precision) -> tuple[str, ...]:
    """Name the files that serving needs."""
    ngrams = () if encoding.ngrams is None else (NGRAMS,) if encoding.ngrams.buckets else (NGRAMS, VOCABULARY)
    transformer = () if encoding.transformer is None else (TOKENIZER, ENCODER[precision])
    return (HEAD, *ngrams, *transformer)
