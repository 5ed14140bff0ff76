"""The augmentations by name: the one table of what `augmentation.operations` may say."""

from typing import Final

from services.augmenter.core.augmentations.augmentation import Augmentation
from services.augmenter.core.augmentations.convert_script import CONVERT_SCRIPT
from services.augmenter.core.augmentations.delete import DELETE
from services.augmenter.core.augmentations.insert import INSERT
from services.augmenter.core.augmentations.swap import SWAP
from services.augmenter.core.augmentations.synonyms import SYNONYMS

AUGMENTATIONS: Final[dict[str, Augmentation]] = {
    one.name: one for one in (SYNONYMS, SWAP, DELETE, INSERT, CONVERT_SCRIPT)
}
