"""What a task learns from and is judged on: texts with their labels, as columns."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.datasets.rows import Kind


@dataclass(frozen=True)
class Examples:
    """Columns of equal length, one entry a row.

    `texts` are as a customer would send them (a page is its title, a line feed, and its text). `slices` are
    `<form>:<language>`, where the form is `page` for whole pages and `short` for everything else. Rows of one group
    belong together (translations of one page), so a bootstrap draws groups. `copied` says which rows an augmentation
    has made; it is empty where none has.
    """

    texts: Sequence[str]
    labels: Sequence[str]
    languages: Sequence[str]
    kinds: Sequence[Kind]
    groups: Sequence[str]
    copied: Sequence[bool] = ()

    def __len__(self) -> int:
        """Give the number of rows."""
        return len(self.texts)

    def only(self, places: Sequence[int]) -> "Examples":
        """Give the rows at `places`."""
        return Examples(
            texts=[self.texts[place] for place in places],
            labels=[self.labels[place] for place in places],
            languages=[self.languages[place] for place in places],
            kinds=[self.kinds[place] for place in places],
            groups=[self.groups[place] for place in places],
            copied=[self.copied[place] for place in places] if self.copied else (),
        )

    @property
    def originals(self) -> "Examples":
        """Leave out what is copied."""
        if not any(self.copied):
            return self
        return self.only([place for place, copied in enumerate(self.copied) if not copied])

    @property
    def slices(self) -> list[str]:
        """Name the slice of each row."""
        forms = ("page" if kind == "page" else "short" for kind in self.kinds)
        return [f"{form}:{language}" for form, language in zip(forms, self.languages, strict=True)]


@dataclass(frozen=True)
class Splits:
    """The three splits of a dataset version. Training rows that equal an evaluation row word for word are left out.

    `validation` is for early stopping, calibration and the gate; `test` is only reported, and nothing is chosen by it.
    `corrections` are the customers' accepted ones that are in `train`: the gate's must-pass cases.
    """

    train: Examples
    validation: Examples
    test: Examples
    corrections: Examples
