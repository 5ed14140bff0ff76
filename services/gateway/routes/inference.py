"""`/v2`: the same models by the Open Inference Protocol, version 2."""

from http import HTTPStatus
from typing import Final

import msgspec

from services.gateway.core.open_inference import (
    InferAnswer,
    InferRequest,
    InvalidInputs,
    Live,
    ModelMetadata,
    Ready,
    ServerMetadata,
    asked_outputs,
    consent_of,
    metadata_of,
    outputs_of,
    texts_of,
)
from services.gateway.errors import INVALID, NO_SUCH_MODEL, NOT_SERVED, Problem
from services.gateway.route import Route, answer
from services.gateway.routes.classify import PREDICTION_PROBLEMS, predicted
from services.gateway.state import State
from services.gateway.transport import Answer, Call, decode

ID_CHARACTERS: Final = 512
_DECODER: Final = msgspec.json.Decoder(InferRequest)


async def server(_state: State, _call: Call) -> Answer:
    """Tell of the server."""
    return answer(ServerMetadata())


async def live(_state: State, _call: Call) -> Answer:
    """Say that the server lives."""
    return answer(Live(live=True))


async def ready(state: State, _call: Call) -> Answer:
    """Say whether every model is served."""
    well = not state.shelf.missing()
    return answer(Ready(well), HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE)


async def metadata(state: State, call: Call) -> Answer:
    """Tell what a model takes and gives."""
    name = call.parameters["model"]
    model = state.shelf.find(name, call.parameters.get("version"))
    return answer(metadata_of(name, state.shelf.slot(name).versions(), model.labels))


async def model_ready(state: State, call: Call) -> Answer:
    """Say that a model, or a version of it, is served; raises `Problem` where it isn't."""
    state.shelf.find(call.parameters["model"], call.parameters.get("version"))
    return answer(Ready(ready=True))


async def infer(state: State, call: Call) -> Answer:
    """Answer the texts of the input."""
    model = state.shelf.find(call.parameters["model"], call.parameters.get("version"))
    asked = decode(_DECODER, call)
    if asked.id is not None and len(asked.id) > ID_CHARACTERS:
        raise Problem(INVALID, f"an id has at most {ID_CHARACTERS} characters")
    try:
        texts, consent = texts_of(asked), consent_of(asked)
        asked_outputs(asked)
    except InvalidInputs as error:
        raise Problem(INVALID, str(error)) from error
    found = await predicted(state, call, model, texts, consent=consent)
    rows = [list(one.probabilities.values()) for one in found]
    ids = [one.request_id for one in found]
    outputs = outputs_of(asked, model.labels, rows, ids)
    return answer(InferAnswer(model.name, str(model.version), asked.id or ids[0], outputs))


_MODEL_PROBLEMS: Final = (NO_SUCH_MODEL, NOT_SERVED)
_MODEL: Final = "/v2/models/{model}"
_VERSION: Final = "/v2/models/{model}/versions/{version}"

ROUTES: Final = (
    Route(
        method="GET",
        path="/v2",
        handle=server,
        summary="Tell of the server",
        gives=(ServerMetadata,),
        needs_key=False,
    ),
    Route(
        method="GET",
        path="/v2/health/live",
        handle=live,
        summary="Say whether the server lives",
        gives=(Live,),
        needs_key=False,
    ),
    Route(
        method="GET",
        path="/v2/health/ready",
        handle=ready,
        summary="Say whether every model is served",
        gives=(Ready,),
        also=HTTPStatus.SERVICE_UNAVAILABLE,
        needs_key=False,
    ),
    *(
        route
        for path in (_MODEL, _VERSION)
        for route in (
            Route(
                method="GET",
                path=path,
                handle=metadata,
                summary="Tell what a model takes and gives",
                gives=(ModelMetadata,),
                problems=_MODEL_PROBLEMS,
            ),
            Route(
                method="GET",
                path=f"{path}/ready",
                handle=model_ready,
                summary="Say whether a model is served",
                gives=(Ready,),
                problems=_MODEL_PROBLEMS,
            ),
            Route(
                method="POST",
                path=f"{path}/infer",
                handle=infer,
                summary="Classify texts",
                asks=InferRequest,
                gives=(InferAnswer,),
                problems=PREDICTION_PROBLEMS,
            ),
        )
    ),
)
