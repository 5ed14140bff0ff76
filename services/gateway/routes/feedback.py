"""`POST /v1/feedback`: what a customer says of an answer. It is answered once Kafka holds it, so none is lost."""

from datetime import timedelta
from http import HTTPStatus
from typing import Final

import msgspec
import structlog

from services.gateway.core.feedback import Fault, NotAccepted, Terms, received, trains
from services.gateway.core.messages import FeedbackAnswer, FeedbackRequest
from services.gateway.core.request_ids import Issued, NotOurs, tag
from services.gateway.errors import (
    INVALID,
    NO_SUCH_REQUEST,
    NOT_KEPT,
    NOT_SERVED,
    TOO_OLD,
    UNKNOWN_LABEL,
    Kind,
    Problem,
)
from services.gateway.metrics import SERVICE
from services.gateway.route import Route, answer
from services.gateway.routes.classify import require_texts
from services.gateway.serving import Slot
from services.gateway.state import State
from services.gateway.transport import Answer, Call, decode
from shared.contracts.predictions import FeedbackReceived
from shared.contracts.topics import FEEDBACK_RECEIVED
from shared.io.outage import Outage
from shared.io.record import record_of

log = structlog.get_logger(__name__)

RETRY_SECONDS: Final = 5
KIND_OF: Final[dict[Fault, Kind]] = {
    "too-old": TOO_OLD,
    "from-the-future": NO_SUCH_REQUEST,
    "other-text": INVALID,
    "label-missing": INVALID,
    "label-needless": INVALID,
    "label-unknown": UNKNOWN_LABEL,
}
_DECODER: Final = msgspec.json.Decoder(FeedbackRequest)


async def feedback(state: State, call: Call) -> Answer:
    """Keep feedback, and say what becomes of it."""
    asked = decode(_DECODER, call)
    if asked.text is not None:
        require_texts([asked.text], state.settings)  # no other was classified
    kept = _received(state, asked, _issued(state, asked.request_id))
    envelope = FEEDBACK_RECEIVED.envelope(kept, kept.feedback_id, SERVICE, kept.at)
    try:
        await state.events.send(record_of(FEEDBACK_RECEIVED, kept, envelope))
    except Outage as error:
        log.warning("feedback_not_kept", why=str(error))
        raise Problem(NOT_KEPT, "Kafka is away; send it again", retry_seconds=RETRY_SECONDS) from error
    state.metrics.feedback(kept.kind, kept.accepted)
    learnt = trains(kept, state.languages.get(kept.task, ()))
    told = FeedbackAnswer(kept.feedback_id, kept.request_id, learnt, kept.accepted)
    return answer(told, HTTPStatus.ACCEPTED)


def _received(state: State, asked: FeedbackRequest, issued: Issued) -> FeedbackReceived:
    """Hold `asked` against the id, and give it as it is kept; raises `Problem`."""
    slot = _slot(state, issued)
    labels = state.shelf.find(slot.name).labels
    terms = Terms(
        customer=state.settings.customer,
        model=slot.name,
        labels=labels,
        answered=labels if slot.previous is None else (*labels, *slot.previous.labels),
        review=state.review,
        good_for=timedelta(days=state.settings.feedback_days),
    )
    try:
        return received(asked, issued, terms, state.now())
    except NotAccepted as error:
        told = labels if error.fault.startswith("label") else ()
        raise Problem(KIND_OF[error.fault], str(error), labels=told) from error


def _issued(state: State, request_id: str) -> Issued:
    try:
        return state.ids.read(request_id)
    except NotOurs as error:
        raise Problem(NO_SUCH_REQUEST, str(error)) from error


def _slot(state: State, issued: Issued) -> Slot:
    """Find the model that answered."""
    for slot in state.shelf.slots.values():
        if tag(slot.name) == issued.claim.model:
            return slot
    raise Problem(NO_SUCH_REQUEST, "it was given for a model that the flywheel no longer has")


ROUTES: Final = (
    Route(
        method="POST",
        path="/v1/feedback",
        handle=feedback,
        summary="Say what an answer should have been, or whether it was right",
        asks=FeedbackRequest,
        gives=(FeedbackAnswer,),
        status=HTTPStatus.ACCEPTED,
        problems=(NO_SUCH_REQUEST, TOO_OLD, INVALID, UNKNOWN_LABEL, NOT_SERVED, NOT_KEPT),
    ),
)
