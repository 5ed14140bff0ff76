"""Tests of what a batch changes: tables of single rules, then any history against a naive model."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dataset_builder.core.decide import decide
from services.dataset_builder.core.facts import fact_of
from services.dataset_builder.core.index import Document, Edition, Index
from shared.contracts.documents import AugmentedDocument
from shared.contracts.split import Split
from shared.datasets.live import count_rows
from tests.services.dataset_builder.builders import PLAN, batches, document, document_id, moment, rows
from tests.services.dataset_builder.naive import Dataset, naive_live


def told(*messages: AugmentedDocument) -> Dataset:
    """Give a dataset that was told `messages`, each in a batch of its own."""
    dataset = Dataset()
    for message in messages:
        dataset.commit(batches([message]))
    return dataset


def live(dataset: Dataset) -> list[str]:
    """Give the texts that are live."""
    return [row.text for row in dataset.live()]


def test_a_row_is_written_once() -> None:
    """A replay, in the same batch or a later one, brings nothing."""
    dataset = Dataset()
    first = dataset.commit(batches([document(1), document(1)]))
    second = dataset.commit(batches([document(1)]))

    assert (len(first.rows), first.verdicts) == (1, Counter(written=1, known=1))
    assert (second.rows, second.verdicts, second.tombstones) == ((), Counter(known=1), {})


def test_the_work_on_a_batch_grows_with_its_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is looked at a few times, however many come with it."""
    looked = 0
    edition_of: Callable[[Document], Edition] = vars(Document)["edition"].fget

    def counted(document: Document) -> Edition:
        nonlocal looked
        looked += 1
        return edition_of(document)

    def work_on(count: int) -> int:
        before = looked
        decide(Index(), [rows(document(number)) for number in range(count)], lambda _: False)
        return looked - before

    monkeypatch.setattr(Document, "edition", property(counted))
    assert work_on(200) == 2 * work_on(100)


def test_a_newer_edition_supersedes_the_one_before() -> None:
    """Its copies go with it."""
    dataset = told(document(1, "old", 1), document(1, "old", 1, copy=1), document(1, "new", 2))
    old = rows(document(1, "old", 1))[0]

    assert live(dataset) == ["new"]
    assert dataset.tombstones == {(old.document_id, old.edition): "superseded"}


def test_an_older_edition_changes_nothing() -> None:
    """A replayed dead letter never overwrites newer content, whatever it says and whichever the revision."""
    for late in (document(1, "old", 1), document(1, "old", 1, revision=9), document(1, "other", 2)):
        dataset = told(document(1, "new", 2))
        made = dataset.commit(batches([late]))
        assert (live(dataset), made.verdicts) == (["new"], Counter(older=1))


def test_of_one_fetch_the_higher_revision_wins() -> None:
    """What new rules make of a page replaces what the old ones made."""
    assert live(told(document(1, "a", 1, revision=9), document(1, "b", 1, revision=10))) == ["b"]


def test_a_recrawl_without_news_is_remembered_through_a_restart() -> None:
    """What was fetched between two equal fetches is older than the page as it was last seen."""
    dataset = told(document(1, "same", 1), document(1, "same", 9))
    assert dataset.sightings == {document_id(1): moment(9)}
    dataset.restart()
    dataset.commit(batches([document(1, "between", 5)]))
    assert live(dataset) == ["same"]

    dataset.commit(batches([document(1, "newer", 10)]))
    assert live(dataset) == ["newer"]
    assert dataset.sightings == {}


def test_a_page_that_says_again_what_it_once_said_has_its_rows_back() -> None:
    """They are in the shards already: nothing is written, the tombstone is lifted."""
    dataset = told(document(1, "a", 1), document(1, "b", 2))
    made = dataset.commit(batches([document(1, "a", 3)]))
    dataset.restart()
    dataset.commit(batches([document(1, "c", 2)]))

    assert (made.rows, live(dataset)) == ((), ["a"])


def test_a_copy_stays_only_with_its_edition() -> None:
    """One of an edition that is not current is left out, be it old or not there yet."""
    dataset = told(document(1, "old", 1), document(1, "new", 2))
    made = dataset.commit(
        batches([document(1, "old", 1, copy=1), document(1, "new", 2, copy=1), document(2, "alone", copy=1)])
    )
    assert made.verdicts == Counter({"stray-copy": 2, "written": 1})
    assert live(dataset) == ["new", "new, copy 1"]


def test_one_edition_of_a_cluster_is_live() -> None:
    """The first that came, unless one of an evaluation split comes; the others are spares."""
    first, second = document(1, "first"), document(2, "second", cluster=1)
    evaluated, tested = (
        document(3, "evaluated", cluster=1, split=Split.VALIDATION),
        document(4, "tested", cluster=1, split=Split.TEST),
    )

    assert live(told(first, second)) == ["first"]
    assert live(told(first, second, evaluated)) == ["evaluated"]
    assert live(told(tested, evaluated, second, first)) == ["tested"]
    assert set(told(first, second).tombstones.values()) == {"duplicate"}


def test_copies_of_a_spare_are_spares() -> None:
    """A near duplicate's copies would be near duplicates too."""
    assert live(told(document(1, "first"), document(2, "second", cluster=1), document(2, "second", copy=1))) == [
        "first"
    ]


def test_when_the_one_that_is_kept_changes_the_next_is_promoted() -> None:
    """A superseded keeper leaves its cluster to the next; when it says the same again it is the first again."""
    dataset = told(document(1, "first", 1), document(2, "second", 1, cluster=1), document(1, "unlike", 2, cluster=7))
    assert live(dataset) == ["second", "unlike"]
    dataset.commit(batches([document(1, "first", 3)]))
    assert live(dataset) == ["first"]


def test_when_the_one_that_is_kept_is_erased_the_next_is_promoted() -> None:
    """The tombstone of the erased one stays, whoever comes."""
    dataset = told(document(1, "first"), document(2, "second", cluster=1))
    dataset.erase(document_id(1))
    assert dataset.index.unsettled == {document_id(1)[:16]}

    dataset.commit(batches([document(3, "third", cluster=1)]), denied=[document_id(1)])

    assert live(dataset) == ["second"]
    assert dataset.counts == count_rows(dataset.live())


def test_a_denied_document_never_comes_back() -> None:
    """Neither it nor its copies, nor an edition that was erased alone."""
    dataset = Dataset()
    made = dataset.commit(batches([document(1), document(1, copy=1), document(2)]), denied=[document_id(1)])
    assert (live(dataset), made.verdicts) == (["a text"], Counter(denied=2, written=1))

    erased = rows(document(5))[0]
    dataset.tombstones[document_id(5), erased.edition] = "erased"
    dataset.restart()
    assert dataset.commit(batches([document(5)])).verdicts == Counter(denied=1)


def test_unlabelled_documents_pass() -> None:
    """They are for search, for embeddings, for later labels."""
    assert live(told(document(1, label=""))) == ["a text"]


def test_rows_that_a_new_plan_asks_for_are_added_to_a_current_edition() -> None:
    """The dataset grows by them when the page comes again; what is there stays."""
    dataset = told(document(1, "one\n\ntwo"))
    made = dataset.commit(batches([document(1, "one\n\ntwo")], PLAN))
    assert [row.kind for row in made.rows] == ["title", "paragraph", "paragraph"]


DOCUMENTS = st.builds(
    document,
    number=st.integers(0, 4),
    says=st.sampled_from("abc"),
    at=st.integers(0, 4),
    split=st.just(Split.TRAIN),
    cluster=st.one_of(st.none(), st.integers(0, 4)),
    copy=st.sampled_from([0, 0, 0, 1, 2]),
    label=st.sampled_from(["calc", "math", ""]),
)
SPLITS = [Split.TRAIN, Split.VALIDATION, Split.TEST, Split.TRAIN, Split.TRAIN]


def _settled(message: AugmentedDocument, clusters: list[int]) -> AugmentedDocument:
    """Give the message as a cleaner would: a document's split is one for ever, an edition's cluster too."""
    number = [document_id(other) for other in range(5)].index(message.document_id)
    says = message.text[0]
    return document(
        number,
        says,
        int((message.lineage.fetched_at - moment(0)).total_seconds()),
        split=SPLITS[number],
        cluster=clusters["abc".index(says) * 5 + number],
        copy=message.lineage.seed if SPLITS[number] is Split.TRAIN else 0,
        label=message.labels.get("app", ""),
    )


@settings(max_examples=400, deadline=None)
@given(
    messages=st.lists(DOCUMENTS, max_size=30),
    clusters=st.lists(st.integers(0, 4), min_size=15, max_size=15),
    sizes=st.lists(st.integers(1, 6), min_size=30, max_size=30),
    restarts=st.sets(st.integers(0, 30)),
    erased=st.one_of(st.none(), st.tuples(st.integers(0, 5), st.integers(0, 4))),
)
def test_any_history_in_any_batches_comes_to_what_the_naive_model_says(
    messages: list[AugmentedDocument],
    clusters: list[int],
    sizes: list[int],
    restarts: set[int],
    erased: tuple[int, int] | None,
) -> None:
    """Duplicates, recrawls, copies, clusters, restarts and an erasure: live rows and their counts are the same."""
    history = batches([_settled(message, clusters) for message in messages])
    dataset, denied, left = Dataset(), set[str](), list(history)
    for number, size in enumerate(sizes):
        if number in restarts:
            dataset.restart()
        if erased is not None and erased[0] == number:
            denied = {document_id(erased[1])}
            dataset.erase(document_id(erased[1]))
        dataset.commit(left[:size], denied)
        left = left[size:]
        assert not dataset.index.unsettled

    assert {row.row_id for row in dataset.live()} == naive_live(history, denied)
    assert len({row.row_id for row in dataset.rows}) == len(dataset.rows)
    assert not dataset.problems()
    incremental = dataset.index
    dataset.restart()
    assert dataset.index == incremental
    assert {fact_of(row).row_id for row in dataset.rows} == {
        id_ for one in incremental.documents.values() for edition in one.editions.values() for id_ in edition.rows
    }
