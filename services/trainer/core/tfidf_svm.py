"""The bar: TF-IDF of character n-grams and a linear SVM, as anybody makes them with scikit-learn in an afternoon.

It is independent of our own n-grams on purpose: a fault in those must not lower the bar too. Of what a newcomer may
choose, this is the better: one model a language, sublinear term frequencies, n-grams of 1 to 4 characters.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final, Self

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import LinearSVC

from services.trainer.core.examples import Examples

CHARACTERS: Final = 600
"""So much of a text is read."""


class Baseline:
    """What was learnt of each language, and the label for all that no model is for."""

    def __init__(self, models: dict[str, Pipeline], otherwise: str) -> None:
        """Answer by the language's model, else `otherwise`."""
        self._models = models
        self._otherwise = otherwise

    @classmethod
    def fit(cls, train: Examples) -> Self:
        """Learn from whole pages, or from all rows of a language that has no page; raises `ValueError` for no rows.

        Copies that an augmentation made are left out where there is anything else: they treble the time, and change
        nothing. A language with one label, or with no text at all, has no model: the commonest label is its answer.
        """
        if not len(train):
            raise ValueError("there is no training row for the baseline")
        learnt = train.originals or train
        columns = zip(learnt.texts, learnt.labels, learnt.languages, learnt.kinds, strict=True)
        rows = [(text[:CHARACTERS], label, language, kind == "page") for text, label, language, kind in columns if text]
        models = {}
        for language in sorted({language for _, _, language, _ in rows}):
            own = [(text, label, page) for text, label, of, page in rows if of == language]
            pages = [row for row in own if row[2]] or own
            labels = [label for _, label, _ in pages]
            if len(set(labels)) > 1:
                models[language] = _pipeline().fit([text for text, _, _ in pages], labels)
        return cls(models, Counter(learnt.labels).most_common(1)[0][0])

    def predict(self, texts: Sequence[str], languages: Sequence[str]) -> tuple[str, ...]:
        """Give the label of each text, which is in the language beside it."""
        answers = [self._otherwise] * len(texts)
        for language, model in self._models.items():
            places = [place for place, one in enumerate(languages) if one == language]
            if places:
                found = model.predict([texts[place][:CHARACTERS] for place in places])
                for place, label in zip(places, found, strict=True):
                    answers[place] = str(label)
        return tuple(answers)


def _pipeline() -> Pipeline:
    words = TfidfVectorizer(analyzer="char", ngram_range=(1, 4), sublinear_tf=True)
    return make_pipeline(words, LinearSVC(random_state=0))
