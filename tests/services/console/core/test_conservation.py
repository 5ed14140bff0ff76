"""The conservation law: each page has one fate, and a page without one is seen."""

from dataclasses import replace

import pytest

from services.console.core.conservation import Cleaned, Conservation, Place, Seen, conserve

RAW: Place = (0, 0)
CLEAN: Place = (1, 5)
MADE: Place = (2, 7)
PAGE = Cleaned(CLEAN, "doc", "e1")

PUBLISHED = Seen(published={0: (0, 1)})
CLEANED = replace(PUBLISHED, clean={RAW: PAGE})
AUGMENTED = replace(CLEANED, augmented={CLEAN: {MADE}})
BUILT = replace(AUGMENTED, built={2: 8}, editions={("doc", "e1"): None})


def law(**numbers: object) -> Conservation:
    """Make the law of one page."""
    none = {
        "published": 1,
        "kept": 0,
        "superseded": 0,
        "forgotten": 0,
        "duplicates": 0,
        "rejected": {},
        "dead_lettered": 0,
        "in_flight": 0,
        "unaccounted": 0,
    }
    return Conservation(**{**none, **numbers})  # type: ignore[arg-type]  # a table of them


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (Seen(), law(published=0)),
        (PUBLISHED, law(in_flight=1)),
        (replace(PUBLISHED, dead={"documents-raw": {RAW}}), law(dead_lettered=1)),
        (replace(PUBLISHED, rejected={RAW: "too-short"}), law(rejected={"too-short": 1})),
        (replace(PUBLISHED, rejected={RAW: "exact-duplicate"}), law(duplicates=1)),
        (CLEANED, law(in_flight=1)),
        (replace(CLEANED, dead={"documents-clean": {CLEAN}}), law(dead_lettered=1)),
        (replace(CLEANED, rejected_later={CLEAN: "unknown-source"}), law(rejected={"unknown-source": 1})),
        # What was made of it is gone from its topic, or not there yet; its text is in the dataset all the same.
        (replace(CLEANED, editions={("doc", "e1"): None}), law(kept=1)),
        (replace(CLEANED, editions={("doc", "e1"): "duplicate"}), law(duplicates=1)),
        (replace(CLEANED, denied={"doc"}), law(kept=1, forgotten=1)),
        (replace(CLEANED, editions={("doc", "e0"): None}), law(in_flight=1)),
        (replace(CLEANED, editions={("doc", "e1"): None}, dead={"documents-clean": {CLEAN}}), law(dead_lettered=1)),
        (AUGMENTED, law(in_flight=1)),
        (replace(AUGMENTED, built={2: 7}), law(in_flight=1)),
        (replace(AUGMENTED, built={2: 8}, dead={"documents-augmented": {MADE}}), law(dead_lettered=1)),
        (
            replace(BUILT, editions={("doc", "e0"): None}, dead={"documents-augmented": {MADE}}),
            law(dead_lettered=1),
        ),
        (replace(BUILT, dead={"documents-augmented": {MADE}}), law(kept=1)),
        (replace(BUILT, denied={"doc"}, dead={"documents-augmented": {MADE}}), law(kept=1, forgotten=1)),
        (BUILT, law(kept=1)),
        (replace(BUILT, augmented={CLEAN: {MADE, (2, 8)}}), law(in_flight=1)),
        (replace(BUILT, editions={("doc", "e1"): "duplicate"}), law(duplicates=1)),
        (replace(BUILT, editions={("doc", "e1"): "superseded"}), law(kept=1, superseded=1)),
        (replace(BUILT, editions={("doc", "e2"): None}), law(kept=1, superseded=1)),
        (replace(BUILT, editions={("doc", "e1"): "erased"}), law(kept=1, forgotten=1)),
        (replace(BUILT, editions={}, denied={"doc"}), law(kept=1, forgotten=1)),
        (replace(BUILT, editions={}), law(unaccounted=1)),
        (replace(BUILT, editions={("other", "e1"): None}), law(unaccounted=1)),
    ],
)
def test_a_page_has_one_fate(seen: Seen, expected: Conservation) -> None:
    """Each stage's word about a page, and what is missing when a stage said nothing that holds."""
    assert conserve(seen) == expected


def test_the_sides_are_equal_whatever_is_mixed() -> None:
    """Offsets that retention has removed are not published, and an outcome of one counts nothing."""
    seen = Seen(
        published={0: (2, 6), 1: (0, 2)},
        clean={(0, 2): Cleaned((0, 0), "a", "e"), (0, 1): Cleaned((0, 1), "gone", "e")},
        rejected={(0, 3): "too-short", (0, 4): "too-short", (1, 0): "language"},
        dead={"documents-raw": {(0, 5)}},
        augmented={(0, 0): {(0, 0)}},
        built={0: 1},
        editions={("a", "e"): None},
    )

    found = conserve(seen)

    assert found == law(published=6, kept=1, rejected={"language": 1, "too-short": 2}, dead_lettered=1, in_flight=1)
    assert str(found) == ("6 published = 1 kept + 0 duplicates + 3 rejected + 1 dead-lettered + 1 in flight")
    assert str(law(unaccounted=1)).endswith("+ 1 UNACCOUNTED FOR")
