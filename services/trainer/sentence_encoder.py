"""A transformer that is ready to embed: its graphs, its tokenizer, and what a model's manifest says of it."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from services.trainer.embedder import Embedder
from services.trainer.encoders.encoder import Pretrained, TransformerEncoder
from services.trainer.export import REVISION, Exported, export, load_transformer, opened
from services.trainer.machine import Machine
from services.trainer.made_once import made_once
from shared.encoding.spec import Encoding, TransformerSpec
from shared.models.loaded_encoder import LoadedEncoder
from shared.models.manifest import ENCODER, TOKENIZER


@dataclass(frozen=True)
class SentenceEncoder:
    """Graphs in `exported`, made for `spec`; `frozen` where other runs will use the very same."""

    spec: TransformerSpec
    exported: Exported
    tokenizer: Path
    frozen: bool = True

    def embedder(self, encoding: Encoding, cache: Path, threads: int) -> Embedder:
        """Give what embeds texts with the graph that serves; what others can use is kept in `cache`."""
        encoder = LoadedEncoder.load(self.exported.serving, self.tokenizer, encoding)
        return Embedder(encoder, cache if self.frozen else None, threads)

    def put_into(self, folder: Path) -> None:
        """Put the model's files of it into `folder`, as links where that can be."""
        for name in ENCODER.values():
            _link(self.exported.folder / name, folder / name)
        _link(self.tokenizer, folder / TOKENIZER)


def spec_of(encoder: TransformerEncoder, pretrained: Pretrained) -> TransformerSpec:
    """Say what a manifest says of the encoder."""
    return TransformerSpec(
        name=encoder.name,
        dimensions=pretrained.config["hidden_size"],
        prefix=encoder.prefix,
        max_tokens=min(encoder.max_tokens, pretrained.config.get("max_position_embeddings", encoder.max_tokens)),
        pad_id=pretrained.config.get("pad_token_id") or 0,
        weights=f"{pretrained.source} sha256:{pretrained.digest}",
    )


def frozen_encoder(
    encoder: TransformerEncoder, machine: Machine, cache: Path, progress: Callable[[str], None]
) -> SentenceEncoder:
    """Give the encoder as it is; its graphs are made once a machine, in some 30 seconds, and then found in `cache`."""
    pretrained = encoder.find(machine.encoders, cache)

    def make(folder: Path) -> None:
        progress(f"{encoder.name}: writing its graphs, once on this machine")
        export(load_transformer(pretrained), folder)

    made_by = f"{REVISION}-torch{version('torch')}-onnxruntime{version('onnxruntime')}"
    folder = made_once(cache / "graphs" / f"{pretrained.digest[:32]}-{made_by}", make)
    return SentenceEncoder(spec_of(encoder, pretrained), opened(folder), pretrained.tokenizer)


def _link(source: Path, target: Path) -> None:
    if target.exists():  # it was made there
        return
    try:
        os.link(source.resolve(), target)
    except OSError:  # another file system
        shutil.copyfile(source, target)
