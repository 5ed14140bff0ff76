"""What every route works with; made once, at the start."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.gateway.batcher import Batcher
from services.gateway.bodies import Bodies
from services.gateway.core.request_ids import RequestIds
from services.gateway.events import Events
from services.gateway.metrics import GatewayMetrics
from services.gateway.recorder import Recorder
from services.gateway.serving import Shelf
from services.gateway.settings import GatewaySettings


@dataclass(frozen=True)
class State:
    """The parts of a gateway. `document` gives the OpenAPI document; `review` says who accepts corrections.

    `languages` are those that each task learns, by its name, which is its model's.
    """

    settings: GatewaySettings
    shelf: Shelf
    bodies: Bodies
    batcher: Batcher
    recorder: Recorder
    events: Events
    metrics: GatewayMetrics
    ids: RequestIds
    review: Literal["manual", "auto"]
    languages: Mapping[str, Sequence[str]]
    document: Callable[[], bytes]
    now: Callable[[], datetime]
