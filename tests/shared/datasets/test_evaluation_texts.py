"""Tests of keeping what a model is judged on out of what it learns from."""

import pytest

from shared.contracts.split import Split
from shared.datasets.evaluation_texts import evaluation_texts
from shared.datasets.order import Order, Share
from shared.datasets.reader import DatasetReader, Selection
from shared.datasets.rows import Row
from shared.text.fingerprint import text_hash
from tests.shared.datasets.builders import dataset, lineage, manifest, row, stone


def said(name: str, text: str, split: Split = Split.TRAIN) -> Row:
    """Give a row of its own page."""
    return row(name, made=lineage(group_id=name, split_hint=split), split=split, text=text, kind="heading")


ROWS = [
    said("a", "See also"),
    said("b", "Sorting rows"),
    said("c", "see  also", Split.TEST),
    said("d", "See \n also", Split.TEST),
    said("e", "Sorting", Split.VALIDATION),
    said("f", "Sorting rows", Split.VALIDATION),
    said("g", "Sorting"),
    said("h", "Charts"),
]


def test_the_texts_are_those_of_live_evaluation_rows() -> None:
    """Spacing doesn't count, case does; a row that is out judges nothing."""
    store = dataset()
    made = manifest(store, [ROWS[:4], ROWS[4:]], [stone(ROWS[5])])
    assert evaluation_texts(store, made) == {text_hash(text) for text in ("see also", "See also", "Sorting")}


def test_training_rows_that_say_the_same_are_left_out() -> None:
    """Of every share, and after any record; another set of texts is another order."""
    store = dataset()
    made = manifest(store, [ROWS[:4], ROWS[4:]], [stone(ROWS[5])])
    chosen = Selection(columns=("text",), split=Split.TRAIN, without=evaluation_texts(store, made))

    assert sorted(one["text"] for one in DatasetReader(store, made, chosen, Order())) == ["Charts", "Sorting rows"]
    shares = [DatasetReader(store, made, chosen, Order(), Share(rank=rank, world=2)) for rank in (0, 1)]
    assert [[len(table) for table in share.batches(9)] for share in shares] == [[1], [1]]

    state = shares[0].state()
    rest = DatasetReader(store, made, chosen, Order())
    with pytest.raises(ValueError, match="without differ"):
        DatasetReader(store, made, Selection(columns=("text",), split=Split.TRAIN), Order()).resume(state)
    first = next(iter(rest))
    again = DatasetReader(store, made, chosen, Order())
    again.resume(rest.state())
    assert sorted([first["text"], *(one["text"] for one in again)]) == ["Charts", "Sorting rows"]


def test_only_what_was_asked_for_is_given() -> None:
    """The text is read to decide, and handed out to who wants it."""
    store = dataset()
    made = manifest(store, [ROWS])
    chosen = Selection(columns=("row_id",), split=Split.TRAIN, without=frozenset({text_hash("Charts")}))
    records = list(DatasetReader(store, made, chosen, Order()))
    assert {frozenset(record) for record in records} == {frozenset({"row_id"})}
    assert len(records) == 3
