"""From an answer's id to the page that taught it, and to the model that a correction taught."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.console.terminal import NotDone
from shared.contracts.identity import document_id
from shared.datasets.store import DatasetStore
from tests.services.console.answers import ASKED, Place, feedback, taught
from tests.services.console.chains import request_id
from tests.services.console.documents import url_of
from tests.services.console.memory_topics import AT, MemoryTopics


def test_an_answer_leads_to_the_rows_that_taught_it_and_to_their_page(place: Place) -> None:
    """By way of model and dataset version; rows of another label, copies, and kinds that aren't learnt are none."""
    (shard, _) = DatasetStore(place.store, "site").read(1).shards
    found = place.find(place.answer())
    assert found.model is not None
    assert (found.model.version, found.model.run, found.model.rows) == (1, "application/site/00000001/ngrams", 3)
    assert found.model.verdict == "promote: there was none"
    assert found.dataset is not None
    assert (found.dataset.version, found.dataset.rows, found.dataset.shards) == (1, 5, 2)
    assert found.taught == 2
    assert [(one.text, one.shard) for one in found.rows] == [("How to rotate it", shard.key)]
    assert found.page is not None
    assert found.page.document_id == document_id(url_of("rotating"))
    assert found.page.pack is not None
    assert (found.page.pack.key, found.page.is_there) == ("raw/site/pack.warc.gz", True)
    assert (found.learnt, found.gone, found.unread) == ((), (), "")


@pytest.mark.parametrize(("text", "unread"), [(None, True), (ASKED, False), ("  rotate   it ", False)])
def test_a_text_that_was_not_kept_may_be_given(place: Place, text: str | None, unread: bool) -> None:
    """Only the one that was asked, but for spacing: its hash was kept."""
    wanted = place.answer(text=None)
    found = place.find(wanted, text=text)
    assert bool(found.unread) is unread
    assert bool(found.rows) is not unread
    with pytest.raises(NotDone, match="isn't the one that was asked"):
        place.find(wanted, text="another")


def test_the_text_of_a_correction_serves_as_well(place: Place) -> None:
    """It came with consent."""
    wanted = place.answer(text=None)
    place.commit(2, [taught("notes", "Footnotes")], [feedback(wanted)])
    assert [one.text for one in place.find(wanted).rows] == ["How to rotate it"]


def test_what_is_not_recorded_is_said(place: Place) -> None:
    """With when the id was made, and how long answers are kept."""
    with pytest.raises(NotDone, match=r"made at 2026-01-02 .* kept for 30 days"):
        place.find(request_id(AT, 9))
    with pytest.raises(NotDone, match="no task colours"):
        place.find(place.answer(model="colours"))


def test_links_that_are_gone_are_named_and_the_others_stay(place: Place) -> None:
    """A model version, a dataset version, a fetch whose record the topic no longer holds, and a pack."""
    other = place.find(place.answer(model_version=9, dataset_version=8))
    assert (other.model, other.dataset, other.rows) == (None, None, ())
    assert len(other.gone) == 2
    place.store.delete("raw/site/pack.warc.gz")
    found = place.find(place.answer(AT + timedelta(seconds=1)), AT)
    assert found.page is not None
    assert not found.page.is_there
    place.topics = MemoryTopics()
    found = place.find(place.answer())
    assert found.page is None
    assert "no longer holds the fetch of http://site.example/rotating" in found.gone[0]


def test_a_model_that_nobody_trusts_is_no_link(place: Place) -> None:
    """Its manifest may say anything."""
    place.key = Ed25519PrivateKey.generate()
    found = place.find(place.answer())
    assert found.model is None
    assert "not to be trusted" in found.gone[0]
