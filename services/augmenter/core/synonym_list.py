"""The user's synonyms: read from text, and found in texts."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.augmenter.core.words import in_one_clause, words_of

Term = tuple[str, ...]
"""The words of a term, case folded."""

_COMMA: Final = re.compile("[,\uff0c]")
"""A comma, or that of a Chinese keyboard."""


class MalformedSynonyms(ValueError):
    """The list can't be read; the message says where, and what would be right."""


@dataclass(frozen=True)
class Entry:
    """A term as it was written, and the others of its set."""

    written: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """A term in a text: the place of its first word among the pieces, how many words, and what its entry says."""

    place: int
    words: int
    written: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class SynonymList:
    """Sets of terms that mean the same; a term is in one set at most.

    `lengths` has, for the first word of terms, how many words they have, the longest first.
    """

    entries: Mapping[Term, Entry] = field(default_factory=dict)
    lengths: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def find(self, pieces: Sequence[str]) -> Iterator[Found]:
        """Yield the terms in a text that `split_words` has cut, from left to right, of two the longer."""
        folded = [word.casefold() for word in pieces[1::2]]
        at = 0
        while at < len(folded):
            found = self._at(folded, pieces, at)
            if found is not None:
                yield found
            at += 1 if found is None else found.words

    def _at(self, folded: Sequence[str], pieces: Sequence[str], at: int) -> Found | None:
        for count in self.lengths.get(folded[at], ()):
            entry = self.entries.get(tuple(folded[at : at + count]))
            if entry is not None and all(map(in_one_clause, pieces[2 * at + 2 : 2 * (at + count) : 2])):
                return Found(2 * at + 1, count, entry.written, entry.others)
        return None


def parse_synonyms(text: str, name: str) -> SynonymList:
    """Read a list: a set a line, commas between its terms; blank lines and those that begin with `#` say nothing.

    Raises `MalformedSynonyms`, which names the place as `name` and line.
    """
    entries: dict[Term, Entry] = {}
    line_of: dict[Term, int] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _set_of(line, f"{name}:{number}")
        for term in found:
            if term in line_of:
                raise MalformedSynonyms(
                    f"{name}:{number}: {found[term].written!r} is in line {line_of[term]} already; a term has one set"
                )
            line_of[term] = number
        entries |= found
    return SynonymList(entries, _lengths(entries))


def _set_of(line: str, place: str) -> dict[Term, Entry]:
    written = [term.strip() for term in _COMMA.split(line)]
    terms = {_term(term, place): term for term in written}
    if len(terms) < len(written):
        raise MalformedSynonyms(f"{place}: a term comes twice in {line.strip()!r}")
    if len(terms) == 1:
        raise MalformedSynonyms(f"{place}: {line.strip()!r} is one term; a set has two or more, with commas between")
    return {term: Entry(own, tuple(one for one in written if one != own)) for term, own in terms.items()}


def _term(written: str, place: str) -> Term:
    words = words_of(written)
    if words is None:
        raise MalformedSynonyms(
            f"{place}: {written!r} is no term; that is words with one space between, such as set up"
        )
    return tuple(word.casefold() for word in words)


def _lengths(terms: Mapping[Term, object]) -> dict[str, tuple[int, ...]]:
    found: dict[str, set[int]] = {}
    for term in terms:
        found.setdefault(term[0], set()).add(len(term))
    return {word: tuple(sorted(counts, reverse=True)) for word, counts in found.items()}
