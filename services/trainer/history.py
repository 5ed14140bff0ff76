"""Reads what the ladder must know of a task: who serves, and what was tried on how many rows."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import structlog

from services.trainer.core.ladder import Standing
from shared.datasets.ready import ReadyRecords
from shared.models.manifest import ModelManifest
from shared.models.signing import Trust, Untrusted
from shared.models.store import ModelStore

LOOK_BACK: Final = 50
"""So many versions are looked at. A recipe that made none of them counts as never tried: it was on other rows then."""

log = structlog.get_logger()


@dataclass(frozen=True)
class History:
    """The history of one model, whose versions are read when a key of `trust` has signed them."""

    models: ModelStore
    trust: Trust

    def champion(self) -> ModelManifest | None:
        """Read the version that serves; None where none does. Raises `Untrusted`."""
        aliases = self.models.aliases()
        return None if aliases is None else self.models.read(aliases.champion, self.trust)

    def standing(self, champion: ModelManifest | None, recipes: Collection[str], rows: int, trigger: str) -> Standing:
        """Say how the task stands before a version of so many training rows is trained on."""
        return Standing(
            champion=None if champion is None else champion.recipe,
            tried=self._tried(recipes),
            rows=rows,
            trigger=trigger,
        )

    def _tried(self, recipes: Collection[str]) -> dict[str, int]:
        """Give the training rows of the last version of each recipe, from the newest version backwards.

        A recipe that has never made a version would otherwise have the whole history read before every decision.
        """
        tried: dict[str, int] = {}
        for version in reversed(self.models.versions()[-LOOK_BACK:]):
            if tried.keys() >= set(recipes):
                break
            manifest = self._trusted(version)
            if manifest is not None and manifest.recipe not in tried:
                tried[manifest.recipe] = self._rows(manifest)
        return tried

    def _trusted(self, version: int) -> ModelManifest | None:
        try:
            return self.models.read(version, self.trust)
        except Untrusted as error:
            log.warning("version_left_out", model=self.models.model, version=version, reason=str(error))
            return None

    def _rows(self, manifest: ModelManifest) -> int:
        """Give the training rows of a version's dataset, counted as the events count them."""
        record = ReadyRecords(self.models.store, manifest.dataset).read(manifest.dataset_version)
        return manifest.cost.rows if record is None else record.train_rows
