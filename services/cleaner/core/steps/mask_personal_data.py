"""Masks personal data in a text, its title and its headings; rejects nothing."""

from collections import Counter
from dataclasses import replace
from typing import Final

from services.cleaner.core.document import Document, Policy, Rejection, Step
from services.cleaner.core.personal_data import mask


def mask_personal_data(document: Document, policy: Policy) -> Document | Rejection:
    """Mask the kinds that `mask` of `[cleaning]` lists; scores how many of each (`masked-email`, …)."""
    kinds = policy.cleaning.mask
    text, title, *headings = (mask(part, kinds) for part in (document.text, document.title, *document.headings))
    counts: Counter[str] = Counter()
    for part in (text, title, *headings):
        counts.update(part.counts)
    masked = replace(document, text=text.text, title=title.text, headings=tuple(part.text for part in headings))
    return masked.scored(**{f"masked-{kind}": count for kind, count in counts.items() if count})


MASK_PERSONAL_DATA: Final = Step("mask-personal-data", 2, mask_personal_data)
