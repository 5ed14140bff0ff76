"""What is said of a model once it is signed and in S3."""

import msgspec

from shared.contracts.message import ClaimCheck, Message
from shared.contracts.timestamp import Timestamp


class ModelPublished(Message, frozen=True, kw_only=True):
    """A signed model version is in S3, and `alias` points at it.

    `manifest` names the model's manifest and its digest; `verdict` is the id of the gate's record; `metrics` are those
    of the gate, by name.
    """

    model: str
    version: int
    alias: str
    task: str
    manifest: ClaimCheck
    dataset: str
    dataset_version: int
    verdict: str
    published_at: Timestamp
    previous_version: int | None = None
    metrics: dict[str, float] = msgspec.field(default_factory=dict)
