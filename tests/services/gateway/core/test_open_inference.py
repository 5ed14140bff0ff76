"""The Open Inference Protocol's inputs and outputs."""

from typing import Any

import msgspec
import pytest

from services.gateway.core.open_inference import (
    InferRequest,
    InvalidInputs,
    asked_outputs,
    consent_of,
    metadata_of,
    outputs_of,
    texts_of,
)

TENSOR = {"name": "text", "shape": [2], "datatype": "BYTES", "data": ["a", "b"]}


def request(**said: Any) -> InferRequest:  # noqa: ANN401 - any field
    """Make a request of two texts; `said` changes it."""
    return msgspec.convert({"inputs": [TENSOR], **said}, InferRequest)


def tensor(**said: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any field
    """Make its input otherwise."""
    return [{**TENSOR, **said}]


@pytest.mark.parametrize("inputs", [tensor(), tensor(shape=[2, 1]), tensor(shape=[2, 1], data=[["a"], ["b"]])])
def test_texts_are_flat_or_one_in_a_row(inputs: list[dict[str, Any]]) -> None:
    """As clients write a column."""
    assert texts_of(request(inputs=inputs)) == ["a", "b"]


@pytest.mark.parametrize(
    "inputs",
    [
        [],
        [*tensor(), *tensor()],
        tensor(name="texts"),
        tensor(datatype="FP32"),
        tensor(shape=[3]),
        tensor(shape=[1, 2]),
        tensor(shape=[]),
        tensor(shape=[2, 1], data=[["a", "b"], []]),
    ],
)
def test_other_inputs_are_refused(inputs: list[dict[str, Any]]) -> None:
    """With what is wrong."""
    with pytest.raises(InvalidInputs):
        texts_of(request(inputs=inputs))


def test_consent_is_a_parameter() -> None:
    """True or false, and false where it isn't there."""
    assert consent_of(request(parameters={"consent": True}))
    assert not consent_of(request())
    with pytest.raises(InvalidInputs):
        consent_of(request(parameters={"consent": "yes"}))


def test_outputs_are_flat_and_those_that_were_asked_for() -> None:
    """All three by default, in the order of the request otherwise."""
    rows, ids = [[0.25, 0.75], [1.0, 0.0]], ["r1", "r2"]
    label, probabilities, request_id = outputs_of(request(), ("calc", "writer"), rows, ids)
    assert (label.datatype, label.shape, label.data) == ("BYTES", [2], ["writer", "calc"])
    assert (probabilities.datatype, probabilities.shape) == ("FP32", [2, 2])
    assert probabilities.data == [0.25, 0.75, 1.0, 0.0]
    assert (request_id.name, request_id.data) == ("request_id", ids)
    asked = request(outputs=[{"name": "request_id"}, {"name": "label"}])
    assert [one.name for one in outputs_of(asked, ("calc", "writer"), rows, ids)] == ["request_id", "label"]
    with pytest.raises(InvalidInputs):
        asked_outputs(request(outputs=[{"name": "logits"}]))
    with pytest.raises(InvalidInputs):
        asked_outputs(request(outputs=[{"name": "label"}, {"name": "label"}]))


def test_metadata_tells_shapes_and_labels() -> None:
    """-1 for any number of texts."""
    told = metadata_of("topic", [1, 2], ("calc", "writer"))
    assert told.versions == ["1", "2"]
    assert {one.name: one.shape for one in told.outputs} == {
        "label": [-1],
        "probabilities": [-1, 2],
        "request_id": [-1],
    }
    assert told.parameters == {"labels": ("calc", "writer")}
