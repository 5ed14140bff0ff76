"""What tests of learning need: a small bilingual set of texts, and a workspace whose checkpoints can be watched."""

import random
from pathlib import Path
from typing import Any, Final

from services.trainer.core.examples import Examples, Splits
from services.trainer.tasks.task import Workspace
from shared.datasets.rows import Kind
from tests.shared.encoding.rows import real_rows

WORDS: Final = {
    ("calc", "en"): "cell formula row column sum spreadsheet sheet range sort total",
    ("calc", "zh"): "单元格 公式 行 列 求和 电子表格 工作表 区域 排序 总计",
    ("writer", "en"): "paragraph page footnote heading font margin document text style chapter",
    ("writer", "zh"): "段落 页面 脚注 标题 字体 页边距 文档 文本 样式 章节",
    ("impress", "en"): "slide presentation animation transition handout speaker show effect layout audience",
    ("impress", "zh"): "幻灯片 演示文稿 动画 切换 讲义 演讲者 放映 效果 版式 观众",
}
"""Words by label and language. A text has four of them, so that most texts can be told apart, and not by one word."""


def scheduled(optimisers: Any) -> Any:  # noqa: ANN401 - Lightning's union of all that may be given
    """Give the rule of the learning rate by step, out of what `configure_optimizers` gave."""
    return optimisers["lr_scheduler"]["scheduler"].lr_lambdas[0]


class Killed(Exception):
    """The process was killed, as far as the run can tell."""


class Kept:
    """Keeps checkpoints in memory; the save number `dies_after` is the last thing that a run does."""

    def __init__(self, dies_after: int | None = None) -> None:
        """Begin with none."""
        self.newest: bytes | None = None
        self.saves = 0
        self._dies_after = dies_after

    def load(self, into: Path) -> bool:
        """Give the newest."""
        if self.newest is not None:
            into.write_bytes(self.newest)
        return self.newest is not None

    def save(self, checkpoint: Path) -> None:
        """Keep it, and die when it is time."""
        self.newest = checkpoint.read_bytes()
        self.saves += 1
        if self.saves == self._dies_after:
            raise Killed


def examples(count: int, seed: int, kind: Kind = "page") -> Examples:
    """Give `count` texts of each label and language."""
    chance = random.Random(seed)
    rows = [
        ((" " if language == "en" else "").join(chance.sample(words.split(), 4)), label, language)
        for (label, language), words in WORDS.items()
        for _ in range(count)
    ]
    texts, labels, languages = zip(*rows, strict=True)
    return Examples(texts, labels, languages, [kind] * len(rows), [f"group-{row}" for row in range(len(rows))])


def real_examples() -> Examples:
    """Give real rows of the demo's site."""
    rows = real_rows()
    return Examples(
        texts=[row.text for row in rows],
        labels=[row.application for row in rows],
        languages=[row.language for row in rows],
        kinds=[row.kind for row in rows],
        groups=[f"group-{place}" for place in range(len(rows))],
    )


def splits(count: int = 40) -> Splits:
    """Give a set that is small, bilingual and easy."""
    return Splits(examples(count, 1), examples(20, 2), examples(20, 3), NONE)


NONE: Final = Examples((), (), (), (), ())


def joined(*parts: Examples) -> Examples:
    """Give the rows of all parts."""
    return Examples(
        *([value for part in parts for value in getattr(part, name)] for name in Examples.__dataclass_fields__)
    )


def workspace(folder: Path, checkpoints: Kept | None = None, cache: Path | None = None) -> Workspace:
    """Give a workspace below `folder`."""
    for name in ("model", "cache", "logs"):
        (folder / name).mkdir(parents=True)
    return Workspace(
        folder / "model", cache or folder / "cache", folder / "logs", checkpoints or Kept(), lambda _: None
    )
