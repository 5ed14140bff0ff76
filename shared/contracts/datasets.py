"""What is said of a dataset once its manifest is committed."""

import msgspec

from shared.contracts.message import ClaimCheck, Message
from shared.contracts.timestamp import Timestamp


class DatasetReady(Message, frozen=True, kw_only=True):
    """A dataset version is complete and worth training on.

    `manifest` names the immutable manifest and its digest; `rows` counts rows by split, by label and by language, with
    keys such as `split:train`, `label:calc`, `language:zh`; `trigger` says which readiness rule was met.
    """

    dataset: str
    version: int
    manifest: ClaimCheck
    created_at: Timestamp
    rule_set: str
    trigger: str
    parent_version: int | None = None
    evaluation_set: str = ""
    rows: dict[str, int] = msgspec.field(default_factory=dict)
