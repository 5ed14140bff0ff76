"""Writes a transformer as ONNX graphs, fp32 and int8, that give the mean of its last layer over the tokens."""

import logging
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
import transformers
from onnxruntime import InferenceSession
from torch import Tensor, nn

from services.trainer.encoders.encoder import Pretrained
from services.trainer.quantise import quantised
from shared.encoding.spec import ATTENTION_MASK, INPUT_IDS, SENTENCE_EMBEDDING, Precision
from shared.models.graphs import integer_matmuls
from shared.models.manifest import ENCODER

REVISION: Final = 2
"""Part of the cache's key: raise it when an export would come out otherwise."""

OPSET: Final = 20
MAX_DIFFERENCE: Final = 1e-3


class MeanPooled(nn.Module):
    """The mean of the last layer over the tokens that aren't padding: `(batch, dimensions)`."""

    def __init__(self, transformer: nn.Module) -> None:
        """Pool what `transformer` gives."""
        super().__init__()
        self.transformer = transformer

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Take ids and mask, int64 of shape `(batch, tokens)`."""
        hidden = self.transformer(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)  # (batch, tokens, 1)
        pooled: Tensor = (hidden * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)
        return pooled


def load_transformer(pretrained: Pretrained) -> transformers.PreTrainedModel:
    """Load a transformer for use, not for training; no code but transformers' own is run."""
    transformers.logging.set_verbosity_error()  # it tells of the pooler, which isn't used
    transformers.logging.disable_progress_bar()
    model: transformers.PreTrainedModel = transformers.AutoModel.from_pretrained(
        pretrained.folder, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype=torch.float32
    )
    model.eval()
    return model


@dataclass(frozen=True)
class Exported:
    """An encoder's graphs in `folder`, which of them serves, and why it is fp32 where it is."""

    folder: Path
    precision: Precision
    int8_refusal: str = ""

    @property
    def serving(self) -> Path:
        """Give the graph that serves."""
        return self.folder / ENCODER[self.precision]


def opened(folder: Path) -> Exported:
    """Look at what `export` left in `folder`."""
    if integer_matmuls(folder / ENCODER["int8"]):
        return Exported(folder, "int8")
    return Exported(folder, "fp32", "the quantised graph has no product of integer matrices: it would be no faster")


def export(transformer: nn.Module, folder: Path) -> None:
    """Write both graphs into `folder`; takes some 30 seconds for a hundred million parameters."""
    plain = folder / ENCODER["fp32"]
    batch, tokens = torch.export.Dim("batch"), torch.export.Dim("tokens")
    # Two tensors: the exporter takes one that is given twice for one input, and then the ids would be the mask.
    examples = (torch.ones(2, 8, dtype=torch.long), torch.ones(2, 8, dtype=torch.long))
    pooled = MeanPooled(transformer).eval()
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it tells of torchvision, which isn't needed
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns of its own insides
        torch.onnx.export(
            pooled,
            examples,
            plain,
            input_names=[INPUT_IDS, ATTENTION_MASK],
            # A name that no value inside has: two of one name are no graph.
            output_names=[SENTENCE_EMBEDDING],
            dynamic_shapes=({0: batch, 1: tokens}, {0: batch, 1: tokens}),
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    _require_equal(pooled, plain)
    quantised(plain, folder / ENCODER["int8"])


def _require_equal(pooled: MeanPooled, graph: Path) -> None:
    """Ask both the same, with padding; raises `ValueError` where the graph says something else than the transformer."""
    ids = torch.arange(2 * 13).reshape(2, 13) % 11 + 1
    mask = torch.ones_like(ids)
    mask[0, 9:] = 0
    with torch.no_grad():
        expected = pooled(ids, mask).numpy()
    session = InferenceSession(graph, providers=["CPUExecutionProvider"])
    (found,) = session.run([SENTENCE_EMBEDDING], {INPUT_IDS: ids.numpy(), ATTENTION_MASK: mask.numpy()})
    difference = float(np.abs(found - expected).max() / np.abs(expected).max())
    if not difference < MAX_DIFFERENCE:
        raise ValueError(
            f"the exported graph differs from the transformer by {difference:.2g} of its largest value, and "
            f"{MAX_DIFFERENCE:g} is the most: this architecture can't be served, choose another encoder"
        )
