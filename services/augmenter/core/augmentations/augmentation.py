"""What an augmentation is: a pure function of a text and of chance, with a name and a version."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from services.augmenter.core.chance import Chance
from services.augmenter.core.synonym_list import SynonymList

ENGLISH_AND_CHINESE: Final = frozenset({"en", "zh"})
CHINESE: Final = frozenset({"zh"})


@dataclass(frozen=True)
class Means:
    """What the flywheel's file gives to augmentations: the share of words to change, and the user's synonyms."""

    strength: float = 0.1
    synonyms: SynonymList = field(default_factory=SynonymList)


Change = Callable[[str, Chance, Means], str]
"""Give the text as it is changed, or as it was where there is nothing to change.

Lines stay lines: none is added, joined or emptied. The same text, chance and means give the same text.
"""


@dataclass(frozen=True)
class Augmentation:
    """One augmentation. Raise `version` when `change` gives another text than before: it is part of each copy's id.

    `languages` are those that it can change. With `whole_document`, titles, headings and keywords are changed too.
    """

    name: str
    version: int
    change: Change
    languages: frozenset[str] = ENGLISH_AND_CHINESE
    whole_document: bool = False
