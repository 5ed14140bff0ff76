"""What a run works in: its folder, the machine's cache, and the place of its checkpoints."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Checkpoints(Protocol):
    """Keeps what a run has learnt so far, where the next process finds it; the newest one only."""

    def load(self, into: Path) -> bool:
        """Bring the newest checkpoint to the file `into`, its digest checked; tell whether there is one."""
        ...

    def save(self, checkpoint: Path) -> None:
        """Keep the file `checkpoint` in the place of the one before."""
        ...


@dataclass(frozen=True)
class Workspace:
    """What a run may use: `folder` is its own and empty, `cache` is the machine's and outlives it.

    `logs` takes TensorBoard's files. `progress` tells a person what is done, and is cheap to call often.
    """

    folder: Path
    cache: Path
    logs: Path
    checkpoints: Checkpoints
    progress: Callable[[str], None]
