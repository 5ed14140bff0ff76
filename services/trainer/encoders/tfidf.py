"""Character n-grams by their place in a vocabulary: no two share a weight, at four times the memory."""

from typing import Final

from services.trainer.encoders.encoder import NgramEncoder
from shared.encoding.spec import NgramSpec

TFIDF: Final = NgramEncoder("tfidf", NgramSpec(shortest=1, longest=4, buckets=0))
