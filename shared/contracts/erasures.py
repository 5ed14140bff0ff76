"""A request that something be forgotten by everyone who holds data."""

from shared.contracts.message import Message
from shared.contracts.timestamp import Timestamp


class ErasureRequested(Message, frozen=True, kw_only=True):
    """Forget one document everywhere.

    `deny_hash` is the salted hash under which the deny-list keeps it for ever; `reason` is one of the console's
    reasons (`owner-request`, `opt-out`, `legal`, …).
    """

    erasure_id: str
    document_id: str
    deny_hash: str
    reason: str
    requested_by: str
    at: Timestamp
