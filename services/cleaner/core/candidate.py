"""What must be known of a clean document to settle whether its text was seen before."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """A document that may be a duplicate: `Outcome.payload` of a `CleanDocument`; None of everything else.

    `text_hash` (16 bytes) and `signature` (512 bytes) are those of `shared.text.fingerprint`.
    """

    document_id: str
    language: str
    text_hash: bytes
    signature: bytes
