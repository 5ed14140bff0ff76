"""Small layers in a transformer that learn while all of its own weights stay: LoRA, by peft.

Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021. They are in the queries and values of the upper
layers, and are added to the weights before the export, so what serves has the size and the speed that it had.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import pytorch_lightning as lightning
import torch
from numpy.typing import NDArray
from peft import LoraConfig, PeftModel, get_peft_model
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel

from services.trainer.export import MeanPooled

RANK: Final = 16
ALPHA: Final = 32
TOP_LAYERS: Final = 4
ADAPTER_RATE: Final = 5e-4
HEAD_RATE: Final = 5e-3
WARM_UP: Final = 0.1
"""The share of steps in which the rate rises; after that it falls in a line."""

# The queries and values of BERT and its kin; of DistilBERT; of the Llama family.
_ATTENTION: Final = re.compile(r"\.(\d+)\.(?:.*\.)?(?:query|value|q_lin|v_lin|q_proj|v_proj)$")


class TokenBatch(NamedTuple):
    """Some rows: `ids` and `mask` int64 of `(rows, tokens)`, `targets` int64 and `row_weights` float32 of `(rows,)`."""

    ids: Tensor
    mask: Tensor
    targets: Tensor
    row_weights: Tensor


@dataclass(frozen=True)
class TokenRows:
    """Rows as tokens, each cut to what the encoder reads."""

    tokens: Sequence[Sequence[int]]
    pad_id: int
    targets: NDArray[np.int64]
    row_weights: NDArray[np.float32]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Give the number of tokens of each row."""
        return np.array([len(tokens) for tokens in self.tokens])

    def take(self, places: NDArray[np.int64]) -> TokenBatch:
        """Give the rows at `places`, padded to the longest of them."""
        chosen = [self.tokens[place] for place in places]
        ids = np.full((len(chosen), max(map(len, chosen))), self.pad_id, dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(chosen):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        arrays = (ids, mask, self.targets[places], self.row_weights[places])
        return TokenBatch(*map(torch.from_numpy, arrays))


def adaptable(transformer: nn.Module) -> list[str]:
    """Name the layers that get adapters; raises `ValueError` for an architecture that isn't known."""
    found = {name: match for name, _ in transformer.named_modules() if (match := _ATTENTION.search(name))}
    if not found:
        raise ValueError(f"{type(transformer).__name__} has no attention layers of a known name: use method = 'frozen'")
    lowest = max(int(match[1]) for match in found.values()) - TOP_LAYERS + 1
    return [name for name, match in found.items() if int(match[1]) >= lowest]


def with_adapters(transformer: PreTrainedModel, seed: int) -> PeftModel:
    """Put adapters into `transformer`, which says what it said before: they begin with nothing to add."""
    torch.manual_seed(seed)
    config = LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=adaptable(transformer), lora_dropout=0.0)
    adapted = get_peft_model(transformer, config)
    if not isinstance(adapted, PeftModel):
        raise TypeError(f"peft gave {type(adapted).__name__}")
    return adapted


class Adapting(lightning.LightningModule):
    """Learns the adapters together with a linear head on the pooled embedding; the head is thrown away afterwards.

    The transformer stays in evaluation mode, so no dropout makes what a resumed run says another thing. Checkpoints
    hold what is learnt, and not the weights that aren't.
    """

    def __init__(self, adapted: PeftModel, labels: int, steps: int) -> None:
        """Learn `labels` labels in `steps` steps."""
        super().__init__()
        dimensions = adapted.config.hidden_size
        self.steps = steps
        self.pooled = MeanPooled(adapted)
        self.norm = nn.BatchNorm1d(dimensions, affine=False)
        self.linear = nn.Linear(dimensions, labels)
        self.strict_loading = False

    def train(self, mode: bool = True) -> "Adapting":
        """Switch the head to training, or back; never the transformer."""
        super().train(mode)
        self.pooled.eval()
        return self

    def forward(self, batch: TokenBatch) -> Tensor:
        """Give the logits, `(rows, labels)`."""
        logits: Tensor = self.linear(self.norm(self.pooled(batch.ids, batch.mask)))
        return logits

    def training_step(self, batch: TokenBatch, _: int) -> Tensor:
        """Give the rows' cross-entropy, each by its weight."""
        losses = cross_entropy(self(batch), batch.targets, reduction="none")
        loss = (losses * batch.row_weights).sum() / batch.row_weights.sum()
        every: int = self.trainer.log_every_n_steps  # type: ignore[attr-defined] # a part of the trainer sets it
        if (self.global_step + 1) % every == 0:
            self.log("train/loss", loss, batch_size=len(batch.targets))
        return loss

    def validation_step(self, batch: TokenBatch, _: int) -> None:
        """Log the accuracy, after each epoch."""
        right = (self(batch).argmax(dim=1) == batch.targets).float().mean()
        self.log("validation/accuracy", right, batch_size=len(batch.targets))

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Give AdamW, with a rate for the adapters and one for the head."""
        adapters = [parameter for parameter in self.pooled.parameters() if parameter.requires_grad]
        groups = [{"params": adapters, "lr": ADAPTER_RATE}, {"params": self.linear.parameters(), "lr": HEAD_RATE}]
        optimiser = torch.optim.AdamW(groups)
        warm = max(1, int(self.steps * WARM_UP))
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: min((step + 1) / warm, max(0.0, (self.steps - step) / (self.steps - warm + 1)))
        )
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Leave out what isn't learnt: it is in the encoder's own file."""
        learnt = {name for name, parameter in self.named_parameters() if parameter.requires_grad}
        state = checkpoint["state_dict"]
        checkpoint["state_dict"] = {
            name: tensor for name, tensor in state.items() if name in learnt or name.startswith("norm.")
        }
