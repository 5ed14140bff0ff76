"""The checkpoints of one run in the store, as a task sees them."""

from dataclasses import dataclass
from pathlib import Path

from shared.models.run_store import RunStore
from shared.models.runs import Lease


@dataclass(frozen=True)
class RunCheckpoints:
    """Keeps the newest checkpoint of `run`, for as long as `lease` holds (see `Checkpoints`)."""

    runs: RunStore
    run: str
    lease: Lease

    def load(self, into: Path) -> bool:
        """Bring the newest checkpoint to the file `into`, its digest checked; tell whether there is one."""
        return self.runs.load_checkpoint(self.run, into)

    def save(self, checkpoint: Path) -> None:
        """Keep the file `checkpoint` in the place of the one before; raises `LeaseLost`."""
        self.runs.require(self.run, self.lease)
        self.runs.save_checkpoint(self.run, checkpoint)
