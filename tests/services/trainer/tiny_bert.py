"""A transformer that is small enough for tests: real files, random weights, a token a character."""

import json
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel

from services.trainer.encoders.encoder import Pretrained, TransformerEncoder
from services.trainer.weights import digest_of
from tests.services.trainer.learning import WORDS

CHARACTERS: Final = sorted({character for words in WORDS.values() for character in words})
TOKENS: Final = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *CHARACTERS]


def tiny_bert(folder: Path, seed: int = 0) -> Pretrained:
    """Write two layers of sixteen numbers into `folder`."""
    torch.manual_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    config = BertConfig(
        vocab_size=len(TOKENS),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        initializer_range=0.5,
    )
    (folder / "config.json").write_text(json.dumps(config.to_dict() | {"model_type": "bert"}), "utf-8")
    weights = BertModel(config, add_pooling_layer=False).state_dict()
    save_file({name: tensor.contiguous() for name, tensor in weights.items()}, folder / "model.safetensors")
    tokenizer = Tokenizer(models.WordLevel({token: id_ for id_, token in enumerate(TOKENS)}, unk_token=TOKENS[1]))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    tokenizer.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.enable_padding(length=40)  # as MiniLM's file has it; who reads it switches it off
    tokenizer.save(str(folder / "tokenizer.json"))
    files = [folder / name for name in ("config.json", "tokenizer.json", "model.safetensors")]
    return Pretrained(folder, folder / "tokenizer.json", "tiny", digest_of(*files))


def tiny_encoder(pretrained: Pretrained, name: str = "tiny") -> TransformerEncoder:
    """Name it as an entry of the encoders' table."""
    return TransformerEncoder(name, lambda _, __: pretrained, "CC0-1.0", prefix="", max_tokens=32)
