# ruff: noqa: RUF001 - Chinese has its own punctuation
"""The texts that every model is asked when it is published, and again by whoever loads it. Pure.

They are nobody's: what a page or a customer said would stay in a model's files after it was to be forgotten. That the
answers mean little doesn't matter, for they must only be the same again.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from numpy.typing import NDArray

from shared.models.manifest import GoldenAnswer

TEXTS: Final = (
    "How do I print one page on both sides of the paper?",
    "The sum of a column is wrong after sorting",
    "export the drawing as PDF",
    "E = mc², or a formula with a square root: √2 ≈ 1.414",
    "SELECT name FROM people WHERE age > 18 ORDER BY name;",
    "naïve café — “quoted” text, ﬁgures and ﬂaws",
    "怎样在纸的两面打印一页？",
    "排序之后一列的总和不对",
    "把幻灯片导出为 PDF 文件",
    "宏 Macro 在启动时出错：错误代码 423",
    "ＡＢＣ１２３，全角字母和数字。",
    "我想删除第 3 行到第 10 行，但是保留公式",
    "x",
    "42",
    "🙂 emoji and\ttabs\nand lines",
    "a long question that goes on and on, " * 40,
)


def golden_answers(predict: Callable[[Sequence[str]], NDArray[Any]]) -> tuple[GoldenAnswer, ...]:
    """Ask each text alone, as a gateway does, and give the answers; `predict` gives `(texts, labels)`."""
    return tuple(GoldenAnswer(text=text, probabilities=tuple(map(float, predict([text])[0]))) for text in TEXTS)
