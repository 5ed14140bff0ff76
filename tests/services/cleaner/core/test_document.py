"""Tests of what goes from step to step."""

import dataclasses

import pytest

from services.cleaner.core.document import Document
from tests.services.cleaner.builders import POLICY


def test_a_score_is_added_to_a_new_document() -> None:
    """What a step was given stays as it was."""
    before = Document(b"", scores={"language": 0.9})
    after = before.scored(letter_ratio=1)
    assert before.scores == {"language": 0.9}
    assert after.scores == {"language": 0.9, "letter-ratio": 1.0}


def test_a_document_can_not_be_changed() -> None:
    """No step can, even by mistake."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(Document(b""), "text", "other")  # noqa: B010 - mypy refuses the plain assignment


def test_each_language_has_its_thresholds() -> None:
    """Chinese says as much in fewer characters."""
    assert POLICY.profile("zh") == POLICY.cleaning.zh
    assert POLICY.profile("en") == POLICY.cleaning.en
    assert POLICY.cleaning.zh.min_characters < POLICY.cleaning.en.min_characters
