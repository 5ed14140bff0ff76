"""Tests of the baseline's figures and of its answers to a file of questions."""

import json
from pathlib import Path

import pytest

from infra.demo.questions import QUESTIONS_FILE, load_questions
from services.trainer.baseline import BaselineRecord, answers, baseline_figures, baseline_key, main, questions_of
from services.trainer.core.examples import Splits
from services.trainer.order import DatasetVersion
from shared.datasets.store import DatasetStore, NoSuchVersion
from shared.flywheel.learning import Task
from shared.io.memory import MemoryObjectStore
from shared.settings import SettingsError
from shared.stream.exits import Exit
from tests.services.trainer.builders import pages
from tests.services.trainer.learning import examples, splits
from tests.shared.datasets.builders import manifest

VERSION = DatasetVersion(name="help", version=4, sha256="ab" * 32, evaluation_set="help/0001")
TASK = Task(name="router", label="app", texts=("page", "title"))


def test_figures_are_those_of_a_manifest() -> None:
    """By split and slice, and over all slices, so that they stand beside the model's own."""
    found = baseline_figures(MemoryObjectStore(), "router", VERSION, splits())
    assert set(found) == {
        f"{split}.{of}" for split in ("validation", "test") for of in ("page:en", "page:zh", "overall")
    }
    assert min(found.values()) > 0.9
    assert found["test.overall"] == pytest.approx((found["test.page:en"] + found["test.page:zh"]) / 2, abs=1e-5)


def harder(of: Splits) -> Splits:
    """Give splits whose figures are others."""
    return Splits(of.train, examples(20, seed=9, kind="title"), of.test, of.corrections)


@pytest.mark.parametrize(
    ("change", "is_kept"),
    [({}, True), ({"evaluation_set": "help/0002"}, False), ({"sha256": "cd" * 32}, False), ({"version": 5}, False)],
    ids=["the same version", "other judges", "another manifest", "another version"],
)
def test_figures_are_computed_once_a_version(change: dict[str, str], is_kept: bool) -> None:
    """Each recipe of the ladder needs them, and they take seconds."""
    store, data = MemoryObjectStore(), splits()
    first = baseline_figures(store, "router", VERSION, data)
    other = DatasetVersion(**{**vars(VERSION), **change})
    again = baseline_figures(store, "router", other, harder(data))
    assert (again == first) == is_kept
    assert ("validation.short:en" in again) == (not is_kept)


def test_a_record_that_cannot_be_read_is_made_anew() -> None:
    """It is a cache: nobody need mend it."""
    store = MemoryObjectStore()
    store.put(baseline_key("router", VERSION), b"{")
    found = baseline_figures(store, "router", VERSION, splits())
    kept = json.loads(store.get(baseline_key("router", VERSION)))
    assert (kept["accuracies"], kept["dataset_sha256"]) == (found, VERSION.sha256)
    assert set(kept) == set(BaselineRecord.__struct_fields__)


def test_the_examples_questions_are_read() -> None:
    """Each of them with its language, the corrections too."""
    said = load_questions()
    asked = dict(questions_of(QUESTIONS_FILE))
    assert asked == {question.text: question.language for question in (*said.all, *said.corrections)}


@pytest.mark.parametrize("text", [None, b"\xff", b"= 1", b"[questions]\nen = 3", b"[questions]"])
def test_a_file_that_holds_no_questions_is_told(text: bytes | None, tmp_path: Path) -> None:
    """By its name, with one to look at."""
    path = tmp_path / "asked.toml"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(SettingsError, match=r"asked\.toml: .*support-router/questions\.toml"):
        questions_of(path)


def test_questions_are_answered_from_a_dataset_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By what its training rows say, whoever is asked."""
    monkeypatch.setenv("TRAINER_CACHE_FOLDER", str(tmp_path))
    store = MemoryObjectStore()
    datasets = DatasetStore(store, "help")
    rows = list(pages())
    datasets.commit(manifest(datasets, [rows]))
    asked = [("footnotes in paragraphs", "en"), ("sums of columns", "en")]
    assert answers(store, "help", 1, TASK, asked) == {
        "footnotes in paragraphs": "writer",
        "sums of columns": "calc",
    }
    with pytest.raises(NoSuchVersion):
        answers(store, "help", 9, TASK, asked)


def test_what_is_wrong_is_said_before_a_server_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A task that there isn't, and a file that there isn't."""
    for arguments, told in (
        ([str(QUESTIONS_FILE), "--task", "nothing"], "there is no task 'nothing' in millrace.toml, but application"),
        ([str(tmp_path / "missing.toml")], "missing.toml"),
    ):
        monkeypatch.setenv("MILLRACE_CONFIG", str(QUESTIONS_FILE.with_name("millrace.toml")))
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--dataset-version", "1"])
        assert ended.value.code == Exit.HALTED
        assert told in capsys.readouterr().err
