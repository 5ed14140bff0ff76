"""The service that the flywheel's file asks for, and how it says no."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.augmenter.app import UnreadableSynonyms, build, read_synonyms
from services.augmenter.core.plan import UnknownAugmentation
from services.augmenter.core.synonym_list import MalformedSynonyms
from shared.stream.exits import Exit
from tests.services.augmenter.builders import BUCKET, clean, flywheel, received

ROOT = Path(__file__).parents[3]
FLYWHEEL = """
[[sources]]
name = "help"
start_urls = ["http://127.0.0.1:8808/"]
delay_seconds = 0
licence = "MPL-2.0"
[dataset]
name = "help"
[augmentation]
"""


def started_with(folder: Path, augmentation: str) -> "subprocess.CompletedProcess[str]":
    """Start the service with that table in its file, and wait for its end."""
    file = folder / "millrace.toml"
    file.write_text(FLYWHEEL + augmentation, encoding="utf-8")
    store = {"S3_ENDPOINT": "http://127.0.0.1:1", "S3_ACCESS_KEY": "a", "S3_SECRET_KEY": "b"}
    return subprocess.run(
        [sys.executable, "-m", "services.augmenter"],
        cwd=ROOT,
        env=os.environ | {"MILLRACE_HOME": str(folder), "MILLRACE_CONFIG": str(file)} | store,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("augmentation", "complaint"),
    [
        ('operations = ["swop"]', "no swop. There are: synonyms, swap, delete, insert, convert-script"),
        ('operations = ["synonyms"]\nsynonyms = "words.txt"', "words.txt:2: 'huge' is one term"),
    ],
)
def test_a_wrong_file_stops_it_before_it_starts(tmp_path: Path, augmentation: str, complaint: str) -> None:
    """With 78, for which a supervisor leaves it down, and one message."""
    (tmp_path / "words.txt").write_text("big, large\nhuge\n", encoding="utf-8")
    ended = started_with(tmp_path, augmentation)
    assert ended.returncode == Exit.HALTED, ended.stderr
    assert complaint in ended.stderr
    assert ended.stderr.startswith("augmenter: ")
    assert "Traceback" not in ended.stderr


def test_the_list_of_synonyms_lies_beside_the_flywheels_file(tmp_path: Path) -> None:
    """Its contents are part of the rules."""
    (tmp_path / "words.txt").write_text("big, large\n", encoding="utf-8")
    service = build(flywheel("synonyms", synonyms="words.txt", strength=1), tmp_path, BUCKET)
    [outcome] = service.process([received(clean("A big box."))])
    assert [message.text for message in outcome.messages] == ["A big box.", "A large box."]  # type: ignore[attr-defined]


def test_a_flywheel_without_synonyms_reads_none(tmp_path: Path) -> None:
    """An empty list finds nothing."""
    assert not read_synonyms(flywheel(), tmp_path).entries


@pytest.mark.parametrize("name", ["words.txt", "nowhere.txt"])
def test_a_list_that_is_missing_or_no_utf8_cannot_be_read(tmp_path: Path, name: str) -> None:
    """It names the file."""
    (tmp_path / "words.txt").write_bytes("电脑,计算机".encode("gb18030"))
    with pytest.raises(UnreadableSynonyms, match=rf"{name} can't be read"):
        build(flywheel(synonyms=name), tmp_path, BUCKET)


def test_what_is_wrong_is_known_when_the_service_is_made(tmp_path: Path) -> None:
    """Not at the first document."""
    (tmp_path / "words.txt").write_text("alone\n", encoding="utf-8")
    with pytest.raises(UnknownAugmentation):
        build(flywheel("translate"), tmp_path, BUCKET)
    with pytest.raises(MalformedSynonyms):
        build(flywheel("synonyms", synonyms="words.txt"), tmp_path, BUCKET)


def test_only_long_texts_that_are_copied_are_claimed(tmp_path: Path) -> None:
    """A text that is inline needs nothing."""
    service = build(flywheel("swap"), tmp_path, BUCKET)
    assert service.claim is not None
    assert service.claim(clean()) is None
    assert service.rule_set.startswith("1-")
