"""The head: one linear layer on n-grams and on embeddings, learnt with PyTorch Lightning.

Its loss is the squared hinge, one label against the rest, as in scikit-learn's `LinearSVC`: on n-grams it is one to two
points better than cross-entropy. Rows are sparse, and so is a table look-up; the optimiser is plain SGD with momentum.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

import pytorch_lightning as lightning
import torch
from pytorch_lightning.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn

LEARNING_RATE: Final = 1.0
MOMENTUM: Final = 0.9
WEIGHT_DECAY: Final = 1e-4


class Batch(NamedTuple):
    """Some rows. The n-grams of all of them stand in one line, those of row `i` from `starts[i]` on.

    `ids` int64 and `weights` float32 are `(ngrams,)`, `starts` int64 `(rows,)`, `embeddings` float32
    `(rows, dimensions)`, `targets` int64 `(rows,)`, `row_weights` float32 `(rows,)`.
    """

    ids: Tensor
    weights: Tensor
    starts: Tensor
    embeddings: Tensor
    targets: Tensor
    row_weights: Tensor


@dataclass(frozen=True)
class Sizes:
    """How large the head is; 0 n-grams or dimensions where a recipe has none of them."""

    ngrams: int
    dimensions: int
    labels: int


def squared_hinge(logits: Tensor, batch: Batch) -> Tensor:
    """Give the weighted mean of the rows' losses; the margin is 1, each label stands against all others."""
    signs = torch.full_like(logits, -1.0).scatter_(1, batch.targets.unsqueeze(1), 1.0)
    losses = torch.clamp(1 - signs * logits, min=0).square().sum(dim=1)
    return (losses * batch.row_weights).mean()


class Head(lightning.LightningModule):
    """Logits of `Batch`es, float32 of shape `(rows, labels)`; all weights begin at zero, so no chance is in them."""

    def __init__(self, sizes: Sizes, steps: int) -> None:
        """Make it for a run of `steps` steps, over which the learning rate falls to zero in a line."""
        super().__init__()
        self.steps = steps
        self.table = nn.EmbeddingBag(max(1, sizes.ngrams), sizes.labels, mode="sum")
        self.linear = nn.Linear(sizes.dimensions, sizes.labels, bias=False) if sizes.dimensions else None
        self.bias = nn.Parameter(torch.zeros(sizes.labels))
        nn.init.zeros_(self.table.weight)
        if self.linear is not None:
            nn.init.zeros_(self.linear.weight)

    def forward(self, batch: Batch) -> Tensor:
        """Give the logits."""
        logits: Tensor = self.table(batch.ids, batch.starts, per_sample_weights=batch.weights) + self.bias
        return logits if self.linear is None else logits + self.linear(batch.embeddings)

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """Give the loss; log it now and then, for logging costs as much as a step."""
        loss = squared_hinge(self(batch), batch)
        every: int = self.trainer.log_every_n_steps  # type: ignore[attr-defined] # a part of the trainer sets it
        if (self.global_step + 1) % every == 0:
            self.log("train/loss", loss, batch_size=len(batch.targets))
        return loss

    def validation_step(self, batch: Batch, _: int) -> None:
        """Log loss and accuracy, after each epoch."""
        logits = self(batch)
        right = (logits.argmax(dim=1) == batch.targets).float().mean()
        rows = len(batch.targets)
        self.log_dict({"validation/loss": squared_hinge(logits, batch), "validation/accuracy": right}, batch_size=rows)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Give SGD, and the line by which its rate falls."""
        optimiser = torch.optim.SGD(
            self.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY, fused=True
        )
        falling = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: max(0.0, 1 - step / self.steps))
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": falling, "interval": "step"}}
