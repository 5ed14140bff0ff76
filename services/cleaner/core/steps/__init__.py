"""The cleaning steps, in running order. The two of duplicates come after them, for they ask what was seen before."""

from typing import Final

from services.cleaner.core.document import Step
from services.cleaner.core.steps.decode import DECODE
from services.cleaner.core.steps.extract import EXTRACT
from services.cleaner.core.steps.identify_language import IDENTIFY_LANGUAGE
from services.cleaner.core.steps.limit_repetition import LIMIT_REPETITION
from services.cleaner.core.steps.limit_symbols import LIMIT_SYMBOLS
from services.cleaner.core.steps.mask_personal_data import MASK_PERSONAL_DATA
from services.cleaner.core.steps.normalise import NORMALISE
from services.cleaner.core.steps.require_length import REQUIRE_LENGTH

STEPS: Final[tuple[Step, ...]] = (
    DECODE,
    EXTRACT,
    IDENTIFY_LANGUAGE,
    NORMALISE,
    REQUIRE_LENGTH,
    LIMIT_SYMBOLS,
    LIMIT_REPETITION,
    MASK_PERSONAL_DATA,
)
