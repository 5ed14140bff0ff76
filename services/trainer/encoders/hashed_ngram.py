"""Character n-grams by their hash: nothing to keep but a table, any language, and ready in seconds."""

from typing import Final

from services.trainer.encoders.encoder import NgramEncoder
from shared.encoding.spec import NgramSpec

HASHED_NGRAM: Final = NgramEncoder("hashed-ngram", NgramSpec(shortest=1, longest=4, buckets=65_536))
