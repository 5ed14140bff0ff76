"""Writes Simplified Chinese in Traditional characters, and Traditional in Simplified, by OpenCC's dictionaries."""

from functools import cache
from typing import Final

from opencc import OpenCC

from services.augmenter.core.augmentations.augmentation import CHINESE, Augmentation, Means
from services.augmenter.core.chance import Chance


def convert_script(text: str, _chance: Chance, _means: Means) -> str:
    """Write `text` in the script that it is not in: that which changes more of its characters.

    A text of which both change nothing is in either script, and stays. There is no chance in it: all copies are one.
    """
    traditional, simplified = _converter("s2t").convert(text), _converter("t2s").convert(text)
    to_traditional = _differences(text, traditional) >= _differences(text, simplified)
    return str(traditional if to_traditional else simplified)


@cache
def _converter(configuration: str) -> OpenCC:
    return OpenCC(configuration)


def _differences(text: str, converted: str) -> int:
    return sum(one != other for one, other in zip(text, converted, strict=False)) if text != converted else 0


CONVERT_SCRIPT: Final = Augmentation("convert-script", 1, convert_script, CHINESE, whole_document=True)
