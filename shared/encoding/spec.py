"""How a model's texts become the inputs of its graphs; it travels in the model's manifest."""

from typing import Final, Literal

import msgspec

NGRAM_IDS: Final = "ngram_ids"
NGRAM_WEIGHTS: Final = "ngram_weights"
EMBEDDING: Final = "embedding"
INPUT_IDS: Final = "input_ids"
ATTENTION_MASK: Final = "attention_mask"
SENTENCE_EMBEDDING: Final = "sentence_embedding"
LOGITS: Final = "logits"
PROBABILITIES: Final = "probabilities"

NGRAMS: Final = "ngrams.safetensors"
VOCABULARY: Final = "vocabulary.txt"
TOKENIZER: Final = "tokenizer.json"


class NgramSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Character n-grams of `shortest` to `longest` characters, weighted by TF-IDF (sublinear), of unit length.

    With `buckets` above 0 an n-gram's id is its hash below it (`hashed-ngram`); with 0 it is its place in
    `vocabulary.txt`, and n-grams that aren't there are left out (`tfidf`). The inverse document frequencies are the
    tensor `idf` of `ngrams.safetensors`, float32 of shape `(buckets,)` or `(words,)`.
    """

    shortest: int = 1
    longest: int = 4
    buckets: int = 65_536


class TransformerSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence embedding: `tokenizer.json`, then the encoder's graph, whose output has `dimensions` numbers.

    The graph takes `input_ids` and `attention_mask`, int64 of shape `(batch, tokens)`, and gives `sentence_embedding`,
    float32 of shape `(batch, dimensions)`, pooled. `weights` names where the weights came from, with a digest.
    """

    name: str
    dimensions: int
    prefix: str = ""
    max_tokens: int = 64
    pad_id: int = 0
    weights: str = ""


class Encoding(msgspec.Struct, frozen=True, kw_only=True):
    """What is made of a text. Its first `max_characters` are read; for n-grams as NFKC, lower case, with single spaces.

    The head's graph, `head.onnx`, takes what is here: `ngram_ids` (int64) and `ngram_weights` (float32), both of shape
    `(batch, ngrams)` and padded with 0, and `embedding`, float32 of shape `(batch, dimensions)`. It gives `logits` and
    `probabilities`, float32 of shape `(batch, labels)`.
    """

    max_characters: int = 600
    ngrams: NgramSpec | None = None
    transformer: TransformerSpec | None = None


Precision = Literal["fp32", "int8"]
"""Which of an encoder's graphs is run: `encoder.onnx`, or `encoder.int8.onnx`."""
