"""The models in memory: for each name the version that answers, and the one before it, kept warm."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from services.gateway.core.messages import ModelState, NotServed, Served
from services.gateway.core.predictions import ModelFacts, facts_of
from services.gateway.errors import INVALID, NO_SUCH_MODEL, NOT_SERVED, Problem
from shared.models.manifest import ModelManifest

BATCH_TEXTS: Final = 32
RETRY_SECONDS: Final = 5


class Predictor(Protocol):
    """Gives probabilities; safe for threads."""

    def predict(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Give the probabilities of the labels, (texts, labels)."""
        ...


@dataclass(frozen=True, eq=False)
class ServedModel:
    """A version in memory. Immutable: a request that began with it ends with it."""

    manifest: ModelManifest
    predictor: Predictor
    loaded_at: datetime

    @cached_property
    def name(self) -> str:
        """The model's name."""
        return self.manifest.model

    @cached_property
    def version(self) -> int:
        """The version's number."""
        return self.manifest.version

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order of the probabilities."""
        return self.manifest.labels

    @cached_property
    def facts(self) -> ModelFacts:
        """Give what stands in every answer."""
        return facts_of(self.manifest)

    @cached_property
    def batch_texts(self) -> int:
        """How many texts it takes at once: an encoder one, for a batch keeps the first of them waiting for the last."""
        return BATCH_TEXTS if self.manifest.encoding.transformer is None else 1

    def state(self) -> Served:
        """Tell of it."""
        known = self.manifest
        return Served(
            version=known.version,
            dataset=known.dataset,
            dataset_version=known.dataset_version,
            precision=known.precision,
            created_at=known.created_at,
            loaded_at=self.loaded_at,
            labels=known.labels,
            metrics=known.metrics,
        )


@dataclass
class Slot:
    """One model: who answers, who answered before, and what is in the way of the version that should."""

    name: str
    current: ServedModel | None = None
    previous: ServedModel | None = None
    not_served: NotServed | None = None

    def serve(self, model: ServedModel) -> None:
        """Let `model` answer from now on; the one that answered stays warm, and the one before it goes."""
        if self.current is not model:
            self.previous, self.current = self.current, model
        self.not_served = None

    def warm(self, version: int) -> ServedModel | None:
        """Give the version, if it is in memory."""
        return next((one for one in (self.current, self.previous) if one is not None and one.version == version), None)

    def versions(self) -> list[int]:
        """Give the versions in memory, ascending."""
        return sorted(one.version for one in (self.current, self.previous) if one is not None)

    def state(self) -> ModelState:
        """Tell of it."""
        current, previous = (None if one is None else one.state() for one in (self.current, self.previous))
        return ModelState(self.name, current, previous, self.not_served)


class Shelf:
    """Every model that the flywheel learns, by name."""

    def __init__(self, names: Iterable[str]) -> None:
        """Start with none of them in memory."""
        self.slots = {name: Slot(name) for name in names}

    def slot(self, name: str | None) -> Slot:
        """Find a model's slot; without a name, of the only one. Raises `Problem`."""
        if name is None:
            if len(self.slots) == 1:
                return next(iter(self.slots.values()))
            raise Problem(INVALID, f"there are several models, so `model` is needed: {', '.join(self.slots)}")
        try:
            return self.slots[name]
        except KeyError:
            raise Problem(
                NO_SUCH_MODEL, f"there is no model {name[:100]!r}; there are {', '.join(self.slots)}"
            ) from None

    def find(self, name: str | None, version: str | None = None) -> ServedModel:
        """Find who answers for a model, or the warm one of that version; raises `Problem`."""
        slot = self.slot(name)
        if slot.current is None:
            raise Problem(NOT_SERVED, f"{slot.name}: {self.reason(slot)}", retry_seconds=RETRY_SECONDS)
        if version is None or version == str(slot.current.version):
            return slot.current
        if slot.previous is not None and version == str(slot.previous.version):
            return slot.previous
        raise Problem(NO_SUCH_MODEL, f"version {version[:20]!r} of {slot.name} isn't served; {slot.current.version} is")

    def reason(self, slot: Slot) -> str:
        """Say why nobody answers for a model."""
        return slot.not_served.detail if slot.not_served else "the gateway has just started, and looks for it"

    def readiness(self) -> tuple[bool, str]:
        """Say whether any model is served, and in words which are not."""
        missing = self.missing()
        told = "; ".join(f"{slot.name}: {self.reason(slot)}" for slot in missing)
        return len(missing) < len(self.slots), told or "every model is served"

    def missing(self) -> list[Slot]:
        """Name the models for which nobody answers."""
        return [slot for slot in self.slots.values() if slot.current is None]
