"""The encoders, by the name that a recipe gives; and the families of them, by what such a name begins with."""

from collections.abc import Callable, Mapping
from typing import Final

from services.trainer.encoders.e5_small_multilingual import E5_SMALL_MULTILINGUAL
from services.trainer.encoders.encoder import Encoder
from services.trainer.encoders.hashed_ngram import HASHED_NGRAM
from services.trainer.encoders.hugging_face import hugging_face
from services.trainer.encoders.minilm_en import MINILM_EN
from services.trainer.encoders.tfidf import TFIDF

ENCODERS: Final[Mapping[str, Encoder]] = {
    "hashed-ngram": HASHED_NGRAM,
    "tfidf": TFIDF,
    "minilm-en": MINILM_EN,
    "e5-small-multilingual": E5_SMALL_MULTILINGUAL,
}

FAMILIES: Final[Mapping[str, Callable[[str], Encoder]]] = {"hf:": hugging_face}
