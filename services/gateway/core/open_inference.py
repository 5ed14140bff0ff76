"""The Open Inference Protocol, version 2, for text classification: one input `text`, a label and its probabilities.

https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

import msgspec

from services.gateway.core.predictions import best
from shared.version import VERSION

TEXT: Final = "text"
LABEL: Final = "label"
PROBABILITIES: Final = "probabilities"
REQUEST_ID: Final = "request_id"
OUTPUTS: Final = (LABEL, PROBABILITIES, REQUEST_ID)
BYTES: Final = "BYTES"
FP32: Final = "FP32"
CONSENT: Final = "consent"
PLATFORM: Final = "onnxruntime"

Parameters = dict[str, str | int | float | bool]


class InvalidInputs(ValueError):
    """The inputs are not those that the model's metadata tells of."""


class TensorRequest(msgspec.Struct, frozen=True):
    """An input: texts, flat or one in a row."""

    name: str
    shape: list[int]
    datatype: str
    data: list[str | list[str]]
    parameters: Parameters = {}


class OutputRequest(msgspec.Struct, frozen=True):
    """An output that is asked for."""

    name: str
    parameters: Parameters = {}


class InferRequest(msgspec.Struct, frozen=True):
    """Texts to classify. The parameter `consent` lets them be kept, beside the answers."""

    inputs: list[TensorRequest]
    id: str | None = None
    outputs: list[OutputRequest] | None = None
    parameters: Parameters = {}


class TensorAnswer(msgspec.Struct, frozen=True):
    """An output, flat, row after row."""

    name: str
    datatype: str
    shape: list[int]
    data: list[str | float]


class InferAnswer(msgspec.Struct, frozen=True):
    """The outputs that were asked for: by default all three, of which `request_id` names each answer in feedback."""

    model_name: str
    model_version: str
    id: str
    outputs: list[TensorAnswer]


class TensorMetadata(msgspec.Struct, frozen=True):
    """What an input or output looks like; -1 stands for any number of texts."""

    name: str
    datatype: str
    shape: list[int]


class ModelMetadata(msgspec.Struct, frozen=True):
    """What a model takes and gives. The parameter `labels` names the columns of the probabilities."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]
    parameters: dict[str, tuple[str, ...]]


class ServerMetadata(msgspec.Struct, frozen=True):
    """Who answers."""

    name: str = "millrace"
    version: str = VERSION
    extensions: tuple[str, ...] = ()


class Live(msgspec.Struct, frozen=True):
    """Whether the server lives."""

    live: bool


class Ready(msgspec.Struct, frozen=True):
    """Whether the server, or the model, can answer."""

    ready: bool


def texts_of(request: InferRequest) -> list[str]:
    """Give the texts of `request`; raises `InvalidInputs` where they aren't as `metadata_of` says."""
    if [one.name for one in request.inputs] != [TEXT]:
        raise InvalidInputs(f"there is one input, {TEXT!r}; given were {[one.name for one in request.inputs]}")
    (given,) = request.inputs
    if given.datatype != BYTES:
        raise InvalidInputs(f"the input {TEXT!r} is of datatype {BYTES}, not {given.datatype!r}")
    texts = list(_flat(given.data))
    if given.shape not in ([len(texts)], [len(texts), 1]):
        raise InvalidInputs(f"the shape {given.shape} doesn't fit {len(texts)} texts: [{len(texts)}] does")
    return texts


def consent_of(request: InferRequest) -> bool:
    """Say whether the texts may be kept; raises `InvalidInputs` for what is neither true nor false."""
    given = request.parameters.get(CONSENT, False)
    if not isinstance(given, bool):
        raise InvalidInputs(f"the parameter {CONSENT!r} is true or false, not {given!r}")
    return given


def outputs_of(
    request: InferRequest, labels: Sequence[str], rows: Sequence[Sequence[float]], request_ids: Sequence[str]
) -> list[TensorAnswer]:
    """Give the outputs that are asked for; `rows` are probabilities, (texts, labels). Raises `InvalidInputs`."""
    texts = len(rows)
    known = {
        LABEL: lambda: TensorAnswer(LABEL, BYTES, [texts], [labels[best(row)] for row in rows]),
        PROBABILITIES: lambda: TensorAnswer(PROBABILITIES, FP32, [texts, len(labels)], list(chain.from_iterable(rows))),
        REQUEST_ID: lambda: TensorAnswer(REQUEST_ID, BYTES, [texts], list(request_ids)),
    }
    return [known[name]() for name in asked_outputs(request)]


def asked_outputs(request: InferRequest) -> list[str]:
    """Name the outputs that are asked for, by default all; raises `InvalidInputs` for one that there isn't.

    Also for one that is asked for twice: a megabyte of requests would be answered with hundreds.
    """
    asked = [one.name for one in request.outputs] if request.outputs else list(OUTPUTS)
    unknown = [name for name in asked if name not in OUTPUTS]
    if unknown:
        raise InvalidInputs(f"there is no output {unknown[0]!r}; there are {', '.join(OUTPUTS)}")
    if len(set(asked)) < len(asked):
        raise InvalidInputs(f"{len(asked)} outputs are asked for, and some of them twice")
    return asked


def metadata_of(name: str, versions: Sequence[int], labels: Sequence[str]) -> ModelMetadata:
    """Say what the model `name` takes and gives."""
    return ModelMetadata(
        name=name,
        versions=[str(version) for version in versions],
        platform=PLATFORM,
        inputs=[TensorMetadata(TEXT, BYTES, [-1])],
        outputs=[
            TensorMetadata(LABEL, BYTES, [-1]),
            TensorMetadata(PROBABILITIES, FP32, [-1, len(labels)]),
            TensorMetadata(REQUEST_ID, BYTES, [-1]),
        ],
        parameters={"labels": tuple(labels)},
    )


def _flat(data: Sequence[str | list[str]]) -> Iterator[str]:
    for one in data:
        if isinstance(one, str):
            yield one
        elif len(one) == 1:
            yield one[0]
        else:
            raise InvalidInputs(f"a row of the input {TEXT!r} holds one text, not {len(one)}")
