"""What a trainer decided to do with a dataset version, and what came of it. One decision for a dataset version.

`runs/<task>/<dataset>/<version>/decision.json` is made by one conditional PUT; trainers execute what it says. Each of
its runs has a folder beside it, `runs/<task>/<dataset>/<version>/<recipe>/`, with `lease.json`, `checkpoints/` and
`outcome.json`. A dataset that was begun anew under another name counts its versions from 1 again, so its name is in all
of them.
"""

from typing import Literal

import msgspec

from shared.contracts.timestamp import Timestamp

Method = Literal["frozen", "adapters"]
Rung = Literal["first", "refit", "challenge"]
"""Why a recipe is run: there is no champion yet; the champion's own recipe on newer data; a recipe above it."""


class PlannedRun(msgspec.Struct, frozen=True, kw_only=True):
    """One training run of the decision: a recipe of the task, its seed, and why it is run."""

    recipe: str
    seed: int
    rung: Rung


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What is done with a dataset version: `runs` in their order, or nothing where a newer version superseded it."""

    task: str
    dataset: str
    dataset_version: int
    decided_at: Timestamp
    by: str
    champion: int | None = None
    trigger: str = ""
    runs: tuple[PlannedRun, ...] = ()
    superseded_by: int | None = None


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """Who executes a run. A later holder has a higher `epoch`; whoever has a lower one may not publish."""

    holder: str
    epoch: int
    expires_at: Timestamp


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended: the one version that it published and the verdict on it, or why there is none."""

    run: str
    version: int | None = None
    verdict: str = ""
    decision: Literal["promote", "keep", "none"] = "none"
    reason: str = ""
    at: Timestamp
    seconds: float = 0.0


def run_id(task: str, dataset: str, version: int, recipe: str) -> str:
    """Name a run: `<task>/<dataset>/<version>/<recipe>`."""
    return f"{task}/{dataset}/{version:08d}/{recipe}"


def decision_key(task: str, dataset: str, version: int) -> str:
    """Give the key of the decision on a dataset version."""
    return f"runs/{task}/{dataset}/{version:08d}/decision.json"


def run_key(run: str, name: str) -> str:
    """Give the key of something that a run keeps."""
    return f"runs/{run}/{name}"
