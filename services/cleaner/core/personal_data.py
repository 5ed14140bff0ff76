"""Finds personal data in text: addresses, phone numbers, resident IDs and bank cards, each by its shape and checksum.

Pure, and linear in the text: every pattern is bounded. What is masked leaves `[email]`, `[phone]`, `[resident-id]` or
`[bank-card]`, in which nothing is found again.
"""

import re
from collections.abc import Callable, Collection, Sequence
from typing import Final, NamedTuple

_DOMAIN_LABEL: Final = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL: Final = re.compile(
    # What is before the at sign may begin with a dash or dots, of a list or an ellipsis. A picture's `@2x.png` is none.
    rf"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{{1,64}}[@\uff20](?!\dx\.)(?:{_DOMAIN_LABEL}\.){{1,8}}[A-Za-z]{{2,24}}(?![\w-])",
    re.ASCII,
)
# GB 11643-1999: region, birthday, sequence, check character.
_RESIDENT_ID: Final = re.compile(
    r"(?<![A-Za-z0-9])[1-9]\d{5}(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![A-Za-z0-9])",
    re.ASCII,
)
_RESIDENT_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_ID_CHECKS: Final = "10X98765432"
# ISO/IEC 7812: 13 to 19 digits, in one run or in groups of four (American Express: 4, 6, 5). Banks begin with 2 to 6,
# so neither book numbers (978) nor times in milliseconds (1) are any.
_BANK_CARD: Final = re.compile(
    r"(?<![\w.+-])"
    r"(?:[2-6]\d{12,18}|[2-6]\d{3}(?:[ -]\d{4}){2,3}(?:[ -]\d{1,4})?|3[47]\d\d[ -]\d{6}[ -]\d{5})"
    r"(?![\w-]|\.\d)",
    re.ASCII,
)
_BANK_CARD_DIGITS: Final = range(13, 20)
_DASH: Final = r"[ \u2010\u2011\u2013\u2014\uff0d-]"
_END: Final = r"(?![\w-]|\.\d)"
_PHONE: Final = re.compile(
    r"(?<![\w.+-])(?:(?:"
    # Mainland China: fixed with its area code, where an extension behind it stays; and mobile.
    rf"(?:0(?:10|2\d|[3-9]\d\d){_DASH}|[(\uff08]0(?:10|2\d|[3-9]\d\d)[)\uff09] ?)"
    rf"(?:\d{{7,8}}|[2-9]\d{{2,3}}{_DASH}\d{{4}})"
    rf")(?:{_END}|(?=-\d{{1,5}}{_END}))|(?:"
    rf"(?:(?:\+|00)?86{_DASH}?)?1[3-9]\d{_DASH}?\d{{4}}{_DASH}?\d{{4}}|"
    # North America: 3, 3 and 4 digits; neither area nor exchange begins with 0 or 1.
    r"(?:\+?1[ .-])?(?:(?:\([2-9]\d\d\) ?|[2-9]\d\d[ -])[2-9]\d\d-|[2-9]\d\d\.[2-9]\d\d\.)\d{4}"
    # ITU-T E.164, written with its plus: a country code, and groups of digits. Behind a bracket the plus is a sum's.
    r"|(?<![)\]])\+[1-9]\d{0,2}(?:[ -]?\(\d{1,4}\))?(?:[ .-]?\d{2,4}){2,5}"
    rf"){_END})",
    re.ASCII,
)
_PHONE_DIGITS: Final = range(9, 16)


# Digits, and the sign and letter that go with them, as Chinese keyboards write them; ASCII's lie so far before.
_WIDE: Final = re.compile("[\uff10-\uff19\uff0b\uff38\uff58]")
_TO_ASCII: Final = 0xFEE0


class Masked(NamedTuple):
    """A text, and how many times each kind was masked in it."""

    text: str
    counts: dict[str, int]


def mask(text: str, kinds: Collection[str]) -> Masked:
    """Mask `kinds` (`email`, `phone`, `resident-id`, `bank-card`) in `text`; doing it twice changes nothing."""
    counts: dict[str, int] = {}
    narrow = _WIDE.sub(lambda wide: chr(ord(wide[0]) - _TO_ASCII), text)
    for kind, (pattern, is_one) in _KINDS.items():
        if kind in kinds:
            spans = [found.span() for found in pattern.finditer(narrow) if is_one(found[0])]
            counts[kind] = len(spans)
            # What stays is as it was written.
            text, narrow = _cut(text, spans, f"[{kind}]"), _cut(narrow, spans, f"[{kind}]")
    return Masked(text, counts)


def is_resident_id(digits: str) -> bool:
    """Say whether the check character fits (GB 11643-1999, which is ISO 7064 MOD 11-2)."""
    total = sum(int(digit) * weight for digit, weight in zip(digits[:17], _RESIDENT_ID_WEIGHTS, strict=True))
    return _RESIDENT_ID_CHECKS[total % 11] == digits[17].upper()


def is_bank_card(text: str) -> bool:
    """Say whether there are enough digits and their check digit fits (Luhn, ISO/IEC 7812-1 annex B)."""
    digits = [int(character) for character in text if character.isdigit()]
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2]]  # noqa: PLR2004 - 5 * 2 has two digits
    return len(digits) in _BANK_CARD_DIGITS and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_phone(text: str) -> bool:
    """Say whether there are as many digits as a number with its area has."""
    return sum(map(str.isdigit, text)) in _PHONE_DIGITS


def _is_one(text: str) -> bool:
    del text  # its shape says it all
    return True


def _cut(text: str, spans: Sequence[tuple[int, int]], mark: str) -> str:
    """Put `mark` in the place of each of `spans`."""
    begins = [0, *(end for _, end in spans)]
    ends = [*(begin for begin, _ in spans), len(text)]
    return mark.join(text[begin:end] for begin, end in zip(begins, ends, strict=True))


# In this order: what is longer, and has a checksum, first.
_KINDS: Final[dict[str, tuple[re.Pattern[str], Callable[[str], bool]]]] = {
    "email": (_EMAIL, _is_one),
    "resident-id": (_RESIDENT_ID, is_resident_id),
    "bank-card": (_BANK_CARD, is_bank_card),
    "phone": (_PHONE, is_phone),
}
