"""What one augmenter goes by: the flywheel's rules for labels and copies, checked before anything starts."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from services.augmenter.core.augmentations import AUGMENTATIONS
from services.augmenter.core.augmentations.augmentation import Augmentation, Means
from services.augmenter.core.augmentations.synonyms import SYNONYMS
from services.augmenter.core.synonym_list import SynonymList
from shared.flywheel.config import Flywheel, Source

_DIGEST_DIGITS: Final = 8


class UnknownAugmentation(ValueError):
    """The flywheel's file asks for an augmentation that there is not, or that lacks what it needs."""


@dataclass(frozen=True)
class Plan:
    """The flywheel, the bucket that long texts go to, and the user's synonyms."""

    flywheel: Flywheel
    bucket: str
    synonyms: SynonymList = field(default_factory=SynonymList)

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """Give the sources by name."""
        return {source.name: source for source in self.flywheel.sources}

    @cached_property
    def augmentations(self) -> tuple[Augmentation, ...]:
        """Give the augmentations that are asked for, in order; raises `UnknownAugmentation`."""
        asked = self.flywheel.augmentation
        unknown = [name for name in asked.operations if name not in AUGMENTATIONS]
        if unknown:
            known = ", ".join(AUGMENTATIONS)
            raise UnknownAugmentation(f"augmentation.operations: no {', '.join(unknown)}. There are: {known}")
        if SYNONYMS.name in asked.operations and not self.synonyms.entries:
            raise UnknownAugmentation(
                f"augmentation.operations: {SYNONYMS.name} needs a list of them. "
                "Name its file in augmentation.synonyms, such as synonyms.txt"
            )
        return tuple(AUGMENTATIONS[name] for name in dict.fromkeys(asked.operations))

    @cached_property
    def means(self) -> Means:
        """Give what the augmentations work with."""
        return Means(self.flywheel.augmentation.strength, self.synonyms)

    @property
    def rule_set(self) -> str:
        """Name the rules: the cleaning revision, and a digest of all that decides what is made of a clean document.

        That is the augmentations with their versions and settings, the synonyms, and the sources' rules for labels.
        """
        asked = self.flywheel.augmentation.model_dump(mode="json", exclude={"synonyms"})
        rules = {
            "augmentation": asked | {"versions": [one.version for one in self.augmentations]},
            "synonyms": [entry.written for entry in self.synonyms.entries.values()],
            "sets": [entry.others for entry in self.synonyms.entries.values()],
            "labels": {
                source.name: {name: rule.model_dump(mode="json") for name, rule in source.labels.items()}
                for source in self.flywheel.sources
            },
        }
        digest = hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()[:_DIGEST_DIGITS]
        return f"{self.flywheel.cleaning.revision}-{digest}"
