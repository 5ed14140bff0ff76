"""Makes the models that `make bench-serving` serves; apart, for this needs PyTorch, and serving does not."""

import sys
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.serving_model import ABOUT, LABELS, TOKENS, About, questions
from services.trainer.encoders.minilm_en import MINILM_EN
from services.trainer.head_graph import build_head
from services.trainer.machine import Machine
from services.trainer.sentence_encoder import frozen_encoder
from services.trainer.settings import TrainerSettings
from shared.encoding.ngrams import NgramFeatures
from shared.encoding.spec import Encoding, NgramSpec


def write_day_one(folder: Path) -> Path:
    """Write a `hashed-ngram` model. Its weights are drawn by chance: what it says costs as much as the truth."""
    encoding = Encoding(ngrams=NgramSpec())
    NgramFeatures.fit(questions(), encoding).save(folder)
    buckets = NgramSpec().buckets
    build_head(folder / "head.onnx", _numbers(buckets, len(LABELS)), None, _numbers(len(LABELS)), 1.0)
    return _told(folder, About(LABELS, encoding, "fp32"))


def write_minilm(folder: Path) -> Path:
    """Write MiniLM in int8 as the trainer exports it, with a head drawn by chance; it reads 16 tokens."""
    trainer = TrainerSettings()
    made = frozen_encoder(MINILM_EN, Machine(trainer.encoders_folder), trainer.cache_folder, _say)
    made.put_into(folder)
    spec = msgspec.structs.replace(made.spec, max_tokens=TOKENS)
    build_head(folder / "head.onnx", None, _numbers(spec.dimensions, len(LABELS)), _numbers(len(LABELS)), 1.0)
    return _told(folder, About(LABELS, Encoding(transformer=spec), made.exported.precision))


def _say(what: str) -> None:
    sys.stdout.write(f"{what}\n")


def _told(folder: Path, about: About) -> Path:
    (folder / ABOUT).write_bytes(msgspec.json.encode(about))
    return folder


def _numbers(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)
