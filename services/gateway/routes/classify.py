"""`POST /v1/classify`: a text, or several, and what they are."""

import time
from collections.abc import Sequence
from typing import Final

import msgspec

from services.gateway.core.messages import Classification, Classifications, ClassifyRequest
from services.gateway.core.predictions import Asked, prediction
from services.gateway.errors import INVALID, LATE, NO_SUCH_MODEL, NOT_SERVED, OVERLOADED, Problem
from services.gateway.route import Route, answer
from services.gateway.serving import ServedModel
from services.gateway.settings import GatewaySettings
from services.gateway.state import State
from services.gateway.transport import Answer, Call, decode
from shared.contracts.predictions import PredictionRecorded
from shared.text.marks import MOST_MARKS, has_too_many_marks

PREDICTION_PROBLEMS: Final = (INVALID, NO_SUCH_MODEL, NOT_SERVED, OVERLOADED, LATE)
_DECODER: Final = msgspec.json.Decoder(ClassifyRequest)


async def classify(state: State, call: Call) -> Answer:
    """Answer one text, or several."""
    asked = decode(_DECODER, call)
    if (asked.text is None) == (asked.texts is None):
        raise Problem(INVALID, "send either `text` or `texts`")
    texts = [asked.text] if asked.text is not None else asked.texts or []
    model = state.shelf.find(asked.model)
    found = [_shown(one) for one in await predicted(state, call, model, texts, consent=asked.consent)]
    return answer(found[0] if asked.text is not None else Classifications(found))


async def predicted(
    state: State, call: Call, model: ServedModel, texts: Sequence[str], *, consent: bool
) -> list[PredictionRecorded]:
    """Give the answers to `texts`, which are recorded; raises `Problem`."""
    require_texts(texts, state.settings)
    at, started = state.now(), time.perf_counter()
    rows = await state.batcher.predict(model, texts, call.gone)
    asked = Asked(at, int((time.perf_counter() - started) * 1_000_000), consent)
    found = [prediction(model.facts, text, row, state.ids, asked) for text, row in zip(texts, rows, strict=True)]
    for one in found:
        state.recorder.record(one)
    return found


def require_texts(texts: Sequence[str], settings: GatewaySettings) -> None:
    """Raise `Problem` for no texts, too many, one that is empty, too long or takes too long to be read."""
    if not 0 < len(texts) <= settings.texts:
        raise Problem(INVALID, f"{len(texts)} texts; 1 to {settings.texts} go into a request")
    for place, text in enumerate(texts):
        if len(text) > settings.text_characters:
            most = f"{settings.text_characters:,} are the most"
            raise Problem(INVALID, f"text {place + 1} has {len(text):,} characters; {most}")
        if not text or text.isspace():
            raise Problem(INVALID, f"text {place + 1} is empty")
        if has_too_many_marks(text):
            raise Problem(INVALID, f"text {place + 1} has more than {MOST_MARKS} combining marks in a row")


def _shown(made: PredictionRecorded) -> Classification:
    return Classification(made.request_id, made.label, made.probabilities, made.model, made.model_version)


ROUTES: Final = (
    Route(
        method="POST",
        path="/v1/classify",
        handle=classify,
        summary="Classify a text, or several",
        asks=ClassifyRequest,
        gives=(Classification, Classifications),
        problems=PREDICTION_PROBLEMS,
    ),
)
