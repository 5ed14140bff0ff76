"""Tests of what a task learns from, and is judged on."""

import msgspec

from services.trainer.core.examples import Splits
from services.trainer.splits import read_splits
from shared.contracts.split import Split
from shared.datasets.rows import Row
from tests.services.trainer.builders import evaluation_set, flywheel, page, short
from tests.shared.datasets.builders import dataset, lineage, manifest

(TASK,) = flywheel("help").tasks


def split(rows: list[Row], judges: list[Row] | None = None) -> Splits:
    """Read the splits of a version of `rows`, judged by `judges` or by all."""
    datasets = dataset()
    evaluation = None if judges is None else evaluation_set(judges)
    return read_splits(datasets, manifest(datasets, [rows]), TASK, evaluation)


def test_rows_are_the_tasks_when_they_have_its_label_language_and_kind() -> None:
    """A page is its title, a line feed, and its text, as a customer would send it."""
    good = page(1, "calc", Split.TRAIN)
    others = [
        page(2, "calc", Split.TRAIN, labels={"other": "calc"}),
        page(3, "calc", Split.TRAIN, language="de"),
        short("a heading", "calc", Split.TRAIN, "heading"),
    ]
    splits = split([good, *others, short("a title", "writer", Split.TRAIN, "title")])
    assert sorted(splits.train.texts) == [f"Page 1\n{good.text}", "a title"]
    assert sorted(splits.train.slices) == ["page:en", "short:en"]
    assert set(splits.train.groups) == {"help:/calc-train-1", "help:/short"}


def test_a_page_without_a_title_is_its_text() -> None:
    """No line feed stands before it."""
    assert split([page(1, "calc", Split.TRAIN, title="", text="alone")]).train.texts == ["alone"]


def test_each_split_has_its_rows_and_copies_are_in_train_alone() -> None:
    """A copy that were judged on would be judged twice."""
    rows = [page(1, "calc", one) for one in Split]
    copies = [
        msgspec.structs.replace(row, row_id=f"c{row.row_id}", lineage=lineage(op="swap", parent_id=row.document_id))
        for row in rows
    ]
    splits = split([*rows, *copies])
    found = {name: len(getattr(splits, name)) for name in ("train", "validation", "test", "corrections")}
    assert found == {"train": 2, "validation": 1, "test": 1, "corrections": 0}
    assert sorted(splits.train.copied) == [False, True]
    assert len(splits.train.originals) == 1


def test_a_training_row_that_says_what_a_judge_says_is_left_out() -> None:
    """Else the model would be asked what it was told."""
    judge = short("exactly this", "calc", Split.VALIDATION, "title", "judge")
    same = short("exactly  this", "calc", Split.TRAIN, "title", "same")
    other = short("something else", "calc", Split.TRAIN, "title", "other")
    assert split([judge, same, other]).train.texts == ["something else"]


def test_judges_are_those_of_the_evaluation_set() -> None:
    """Rows that came since wait for the next set; without a set all are judges."""
    old, new = page(1, "calc", Split.VALIDATION), page(2, "calc", Split.VALIDATION)
    assert len(split([old, new], [old]).validation) == 1
    assert len(split([old, new]).validation) == 2


def test_corrections_are_short_texts_and_kept_apart_too() -> None:
    """Those in train are what the model must get right."""
    train = short("how do I sum", "calc", Split.TRAIN, "feedback", "one")
    judge = short("where are footnotes", "writer", Split.VALIDATION, "feedback", "two")
    splits = split([train, judge])
    assert (splits.train.texts, splits.corrections.texts) == (["how do I sum"], ["how do I sum"])
    assert splits.corrections.slices == ["short:en"]
    assert splits.validation.texts == ["where are footnotes"]
