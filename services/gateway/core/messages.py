"""What callers send and are sent on our own routes; the OpenAPI document is made of these."""

from typing import Annotated, Final

import msgspec

from shared.contracts.predictions import FeedbackKind
from shared.contracts.timestamp import Timestamp

REQUEST_ID_CHARACTERS: Final = 512
"""More than an id has, so that an overlong one is 404 as any other that isn't ours."""

Text = Annotated[str, msgspec.Meta(description="What is to be classified.", examples=["How do I merge two cells?"])]
RequestId = Annotated[
    str, msgspec.Meta(max_length=REQUEST_ID_CHARACTERS, description="Names this answer, in feedback and in traces.")
]
Model = Annotated[str, msgspec.Meta(max_length=63, description="The model's name, which is its task's.")]
Label = Annotated[str, msgspec.Meta(max_length=1_000, description="One of the model's labels.")]


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The base of what callers send: a field that we don't know is refused, for it may be one misspelt."""


class ClassifyRequest(Asked, frozen=True, kw_only=True):
    """One `text`, or several `texts`.

    `model` may be left out where only one is served. With `consent` the texts themselves may be kept, beside the
    answers.
    """

    text: Text | None = None
    texts: list[Text] | None = None
    model: Model | None = None
    consent: bool = False


class Classification(msgspec.Struct, frozen=True):
    """The answer to one text. `probabilities` has every label; they add up to 1."""

    request_id: RequestId
    label: Label
    probabilities: dict[str, float]
    model: Model
    model_version: int


class Classifications(msgspec.Struct, frozen=True):
    """The answers to `texts`, in their order."""

    results: list[Classification]


class FeedbackRequest(Asked, frozen=True, kw_only=True):
    """What is said of an answer.

    A `correction` says what the label should have been, a `label` what it is, whatever was answered; both name a
    `label`. With `text`, the one that was classified, and `consent` they may train the next version. A request id that
    is too old needs the `text` beside it.
    """

    request_id: RequestId
    kind: FeedbackKind
    label: Label | None = None
    text: Text | None = None
    consent: bool = False


class FeedbackAnswer(msgspec.Struct, frozen=True):
    """The feedback is kept, under an id that the same feedback always has.

    `trains` says whether the next version may learn it: models are judged on one text in five, and learn the languages
    of their task alone. `accepted` says whether it needs no review.
    """

    feedback_id: str
    request_id: RequestId
    trains: bool
    accepted: bool


class NotServed(msgspec.Struct, frozen=True):
    """Why the version that the champion's alias names isn't served: a `reason` to count, and words."""

    version: int | None
    reason: str
    detail: str
    since: Timestamp


class Served(msgspec.Struct, frozen=True):
    """A version that answers."""

    version: int
    dataset: str
    dataset_version: int
    precision: str
    created_at: Timestamp
    loaded_at: Timestamp
    labels: tuple[str, ...]
    metrics: dict[str, float]


class ModelState(msgspec.Struct, frozen=True):
    """A model: the version that is `served`, the `previous` one, kept warm, and what is in the way of the newest."""

    name: Model
    served: Served | None
    previous: Served | None
    not_served: NotServed | None


class Models(msgspec.Struct, frozen=True):
    """Every model of the flywheel."""

    models: list[ModelState]


class Health(msgspec.Struct, frozen=True):
    """Whether all is `ok`, and a `reason` in words."""

    ok: bool
    reason: str
