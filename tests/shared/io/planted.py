"""Texts that are planted as duplicates: words by chance, and the same with some of them changed."""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.text.fingerprint import signature, text_hash

SIMILARITY = 0.8
AT = datetime(2026, 7, 1, tzinfo=UTC)
WORDS = 200


@dataclass(frozen=True)
class Text:
    """A document and what its text is known by."""

    document_id: str
    text_hash: bytes
    signature: bytes
    fetched_at: datetime = AT


def document(name: str, words: Sequence[str], at: datetime = AT) -> Text:
    """Give the document of that name, which says `words`."""
    text = " ".join(words)
    return Text(hashlib.sha256(name.encode()).hexdigest()[:32], text_hash(text), signature(text, "en"), at)


def texts(chance: random.Random, count: int) -> list[list[str]]:
    """Make texts of 200 words that are like no other."""
    return [[f"w{chance.randrange(100_000)}" for _ in range(WORDS)] for _ in range(count)]


def changed(words: Sequence[str], *places: int) -> list[str]:
    """Give the text with the words at `places` changed: one makes a Jaccard similarity of 191/201 = .95."""
    return [f"x{place}" if place in places else word for place, word in enumerate(words)]
