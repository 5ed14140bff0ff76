"""Tests of a model as commands work with it."""

from pathlib import Path

import pytest

from services.console.model_shelf import Shelf
from services.console.terminal import NotDone
from shared.io.memory import MemoryObjectStore
from shared.models.manifest import file_key
from shared.models.store import ModelStore
from tests.shared.models.builders import AT, manifest, signer, trust, verdict


@pytest.fixture
def shelf() -> Shelf:
    """Give a model without versions."""
    return Shelf(ModelStore(MemoryObjectStore(), "topic"), trust())


def published(shelf: Shelf, count: int, seed: int = 1) -> None:
    """Publish versions, signed by the key of `seed`."""
    there = len(shelf.store.versions())
    for number in range(there, there + count):
        shelf.store.publish(manifest(run=f"topic/{number:08d}/ngrams"), signer(seed))


def test_a_version_is_chosen(shelf: Shelf) -> None:
    """The champion, or the newest before there is one, unless one is named."""
    with pytest.raises(NotDone, match="The trainer makes one"):
        shelf.chosen(None)
    published(shelf, 3)
    assert (shelf.chosen(None), shelf.chosen(2)) == (3, 2)
    shelf.store.promote(1, over=None, verdict="v", by="t", reason="", at=AT)
    assert shelf.chosen(None) == 1
    with pytest.raises(NotDone, match="no version 9"):
        shelf.chosen(9)


def test_a_version_that_is_not_trusted_is_listed_and_not_read(shelf: Shelf) -> None:
    """Where it stands is known; what it says isn't."""
    published(shelf, 1, seed=2)
    shelf.store.promote(1, over=None, verdict="v", by="t", reason="", at=AT)
    line = shelf.line(1, shelf.store.aliases())
    assert (line.version, line.aliases, line.recipe) == (1, ["champion"], "")
    assert signer(2).key_id in line.problem
    with pytest.raises(NotDone, match="millrace keys signing show"):
        shelf.read(1)
    report = shelf.report(1)
    assert (report.files, report.signed_by, len(report.problems)) == (0, "", 1)


def test_why_a_version_serves(shelf: Shelf) -> None:
    """Its verdicts and changes, and the champion's own where that is another."""
    published(shelf, 3)
    for one in (verdict(1, None), verdict(2, 1), verdict(3, 2, "keep")):
        shelf.store.record_verdict(one)
    shelf.store.promote(1, over=None, verdict="a", by="t", reason="", at=AT)
    shelf.store.promote(2, over=1, verdict="b", by="t", reason="", at=AT)
    challenger, champion = shelf.why(3), shelf.why(2)
    assert challenger.champion == champion
    assert ([one.decision for one in challenger.verdicts], challenger.changes) == (["keep"], [])
    assert (champion.champion, [one.revision for one in champion.changes]) == (None, [2])


def test_the_card_is_read(shelf: Shelf, tmp_path: Path) -> None:
    """Checked as every file is; without one there is nothing to show."""
    (tmp_path / "card.md").write_bytes(b"# A card")
    entry = shelf.store.put_file(tmp_path / "card.md")
    made = shelf.store.publish(manifest({"card.md": entry}), signer())
    assert shelf.card(made) == b"# A card"
    assert shelf.card(manifest()) == b""
    shelf.store.store.put(file_key("topic", entry.sha256), b"# A cart")
    with pytest.raises(NotDone, match="was altered"):
        shelf.card(made)
