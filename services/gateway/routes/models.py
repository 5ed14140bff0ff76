"""`GET /v1/models`: which versions answer, and why the newest may not."""

from typing import Final

from services.gateway.core.messages import Models
from services.gateway.route import Route, answer
from services.gateway.state import State
from services.gateway.transport import Answer, Call


async def models(state: State, _: Call) -> Answer:
    """Tell of every model."""
    return answer(Models([slot.state() for slot in state.shelf.slots.values()]))


ROUTES: Final = (
    Route(
        method="GET",
        path="/v1/models",
        handle=models,
        summary="List the models, the versions that are served, and why the newest may not be",
        gives=(Models,),
    ),
)
