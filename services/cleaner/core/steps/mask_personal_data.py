"""Masks personal data in a text, its title, its headings and its keywords; rejects nothing."""

from collections import Counter
from dataclasses import replace
from typing import Final

from services.cleaner.core.document import Document, Policy, Rejection, Step
from services.cleaner.core.personal_data import mask


def mask_personal_data(document: Document, policy: Policy) -> Document | Rejection:
    """Mask the kinds that `mask` of `[cleaning]` lists; scores how many of each (`masked-email`, …)."""
    kinds = policy.cleaning.mask
    counts: Counter[str] = Counter()

    def masked(said: str) -> str:
        found = mask(said, kinds)
        counts.update(found.counts)
        return found.text

    document = replace(
        document,
        text=masked(document.text),
        title=masked(document.title),
        headings=tuple(map(masked, document.headings)),
        keywords=tuple(map(masked, document.keywords)),
    )
    return document.scored(**{f"masked-{kind}": count for kind, count in counts.items() if count})


MASK_PERSONAL_DATA: Final = Step("mask-personal-data", 4, mask_personal_data)
