"""The nearest texts are those that a person would point at."""

import pytest

from services.console.core.nearest import nearest

ENGLISH = ["Rotating text in a cell", "Inserting a footnote", "Text of a message", "Rotate", ""]
CHINESE = ["插入脚注", "旋转单元格中的文字", "页码", "文档"]


@pytest.mark.parametrize(
    ("text", "others", "best"),
    [
        ("how do I rotate the text in a cell", ENGLISH, "Rotating text in a cell"),
        ("FOOTNOTE", ENGLISH, "Inserting a footnote"),
        ("怎么旋转文字", CHINESE, "旋转单元格中的文字"),
        ("页码从第三页开始", CHINESE, "页码"),
    ],
)
def test_the_best_shares_the_rarest_letters(text: str, others: list[str], best: str) -> None:
    """In English and in Chinese, whatever the case."""
    found = nearest(text, others, 2)
    assert others[found[0].place] == best
    assert 1 >= found[0].similarity > (found[1].similarity if len(found) > 1 else 0)


def test_the_same_text_is_the_nearest() -> None:
    """But for case and spacing, wholly."""
    ((row, similarity),) = nearest("inserting  a Footnote", ENGLISH, 1)
    assert row == 1
    assert similarity == pytest.approx(1.0)


def test_what_shares_nothing_is_not_near() -> None:
    """Nor is anything where there is nothing."""
    assert nearest("zzzz", ENGLISH, 3) == []
    assert nearest("x", [], 3) == []
