"""The baseline's figures on a dataset version, computed once a version; and its answers to a file of questions.

`python -m services.trainer.baseline QUESTIONS --dataset-version N` writes a JSON object: each question with its answer.
"""

import argparse
import sys
import time
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np

from services.trainer.core.examples import Examples, Splits
from services.trainer.core.tfidf_svm import Baseline
from services.trainer.evaluation import accuracies
from services.trainer.metrics import SERVICE
from services.trainer.order import DatasetVersion
from services.trainer.settings import TrainerSettings
from services.trainer.splits import read_splits
from shared.datasets.evaluation import EvaluationSets
from shared.datasets.ready import ReadyRecords
from shared.datasets.shard_cache import ShardCache
from shared.datasets.store import DatasetStore, NoSuchVersion
from shared.flywheel.learning import Task
from shared.flywheel.load import configured_flywheel
from shared.io.object_store import ObjectNotFound, ObjectStore
from shared.io.outage import Misconfigured, Outage
from shared.io.s3 import S3ObjectStore
from shared.settings import SettingsError, StoreSettings, load
from shared.stream.exits import Exit
from shared.stream.refusal import refusing


class BaselineRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The baseline's accuracies by `<split>.<slice>`, learnt from one manifest and asked one evaluation set."""

    dataset_sha256: str
    evaluation_set: str
    accuracies: dict[str, float]
    seconds: float


def baseline_key(task: str, dataset: DatasetVersion) -> str:
    """Give the key of the baseline's record."""
    return f"runs/{task}/{dataset.name}/{dataset.version:08d}/baseline.json"


def baseline_figures(store: ObjectStore, task: str, dataset: DatasetVersion, splits: Splits) -> dict[str, float]:
    """Give the baseline's accuracies on a dataset version, by `<split>.<slice>`, and keep them for its other runs.

    A record of another manifest or evaluation set, or one that can't be read, is made anew. Raises `Outage`.
    """
    key = baseline_key(task, dataset)
    known = _read(store, key)
    if known is None or (known.dataset_sha256, known.evaluation_set) != (dataset.sha256, dataset.evaluation_set):
        began = time.perf_counter()
        found = figures(Baseline.fit(splits.train), splits)
        known = BaselineRecord(
            dataset_sha256=dataset.sha256,
            evaluation_set=dataset.evaluation_set,
            accuracies=found,
            seconds=round(time.perf_counter() - began, 3),
        )
        store.put(key, msgspec.json.encode(known), content_type="application/json")
    return known.accuracies


def figures(baseline: Baseline, splits: Splits) -> dict[str, float]:
    """Measure a baseline as a model is measured, on the same slices of validation and test."""
    return {
        f"{name}.{slice_}": round(value, 5)
        for name, rows in (("validation", splits.validation), ("test", splits.test))
        for slice_, value in _accuracies(baseline, rows).items()
    }


def _accuracies(baseline: Baseline, rows: Examples) -> dict[str, float]:
    answers = baseline.predict(rows.texts, rows.languages)
    right = [answer == label for answer, label in zip(answers, rows.labels, strict=True)]
    return accuracies(np.array(right, dtype=np.bool_), rows.slices)


def _read(store: ObjectStore, key: str) -> BaselineRecord | None:
    try:
        return msgspec.json.decode(store.get(key), type=BaselineRecord)
    except (ObjectNotFound, msgspec.DecodeError):
        return None


class _Question(msgspec.Struct, frozen=True):
    text: str
    language: str


class _File(msgspec.Struct, frozen=True):
    questions: dict[str, dict[str, tuple[str, ...]]]
    corrections: tuple[_Question, ...] = ()


def questions_of(path: Path) -> list[tuple[str, str]]:
    """Read a file of questions, by language and label, and give each with its language; raises `SettingsError`."""
    try:
        file = msgspec.convert(tomllib.loads(path.read_text("utf-8")), _File)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise SettingsError(f"{path}: {error}. Give a file such as examples/support-router/questions.toml") from error
    asked = [(text, language) for language, of in file.questions.items() for texts in of.values() for text in texts]
    asked += [(one.text, one.language) for one in file.corrections]
    if not asked:
        raise SettingsError(f"{path}: it holds no question. Give a file such as examples/support-router/questions.toml")
    return asked


def answers(
    store: ObjectStore, dataset: str, version: int, task: Task, asked: Sequence[tuple[str, str]]
) -> Mapping[str, str]:
    """Learn from a dataset version, and give the answer to each text; raises `NoSuchVersion` and `Outage`."""
    datasets = DatasetStore(store, dataset)
    record = ReadyRecords(store, dataset).read(version)
    named = "" if record is None else record.evaluation_set
    evaluation = EvaluationSets(store, dataset).read(int(named.rpartition("/")[2])) if named else None
    shards = ShardCache(datasets, load(TrainerSettings).cache_folder / "shards")
    splits = read_splits(shards, datasets.read(version), task, evaluation)
    texts, languages = zip(*asked, strict=True)
    return dict(zip(texts, Baseline.fit(splits.train).predict(texts, languages), strict=True))


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer the questions of a file; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m services.trainer.baseline", description=main.__doc__)
    parser.add_argument("questions", type=Path, help="a file such as examples/support-router/questions.toml")
    parser.add_argument("--dataset-version", type=int, required=True, help="the version to learn from")
    parser.add_argument("--task", help="a task of millrace.toml; by default its first")
    given = parser.parse_args(arguments)
    with refusing(SERVICE):
        flywheel, asked = configured_flywheel(), questions_of(given.questions)
        tasks = {task.name: task for task in flywheel.tasks}
        name = given.task or next(iter(tasks), "")
        if name not in tasks:
            raise SettingsError(f"there is no task {name!r} in millrace.toml, but {', '.join(tasks) or 'none'}")
        settings = load(StoreSettings)
    try:
        with closing(S3ObjectStore.from_settings(settings)) as store:
            told = answers(store, flywheel.dataset.name, given.dataset_version, tasks[name], asked)
    except (NoSuchVersion, Outage, Misconfigured) as error:
        sys.stderr.write(f"{SERVICE}: {error}\n")
        return Exit.OUTAGE if isinstance(error, Outage) else Exit.HALTED
    sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
