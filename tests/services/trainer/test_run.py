"""Tests of the command that trains by hand, as far as no server is asked."""

import pytest

from services.trainer.run import main, parser, require_recipe, task_named, version_of
from shared.flywheel.config import Flywheel
from shared.flywheel.load import load_flywheel
from shared.settings import SettingsError
from tests.services.trainer.builders import flywheel
from tests.services.trainer.world import ROOT

MANIFEST = "datasets/help/manifests/00000021.json"
ONE = flywheel("help")
TWO = Flywheel.model_validate(
    ONE.model_dump() | {"tasks": [task.model_dump() | {"name": name} for task in ONE.tasks for name in ("a", "b")]}
)


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    """Each of the options in a command that can be copied, for the example flywheel as it is."""
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    commands = [
        line.split()[3:] for line in capsys.readouterr().out.splitlines() if "-m services.trainer.run --" in line
    ]
    assert [len(command) for command in commands] == [3, 2, 4]
    example = load_flywheel(ROOT / "examples" / "support-router" / "millrace.toml")
    for given in map(parser().parse_args, commands):
        assert version_of(given.manifest, example.dataset.name) == 21
        require_recipe(task_named(example, given.task), given.recipe)


def test_a_manifest_is_named_by_its_key() -> None:
    """Any other is refused, with one that would do."""
    assert version_of(MANIFEST, "help") == 21
    for key in ("21", "datasets/help/manifests/21.json", f"s3://bucket/{MANIFEST}"):
        with pytest.raises(SettingsError, match=MANIFEST):
            version_of(key, "help")
    with pytest.raises(SettingsError, match=r"is of dataset help, and millrace.toml declares other"):
        version_of(MANIFEST, "other")


def test_tasks_and_recipes_are_those_of_the_file() -> None:
    """A name that it hasn't is answered with those that it has; one task alone needs no name."""
    assert task_named(ONE, None).name == "help-task"
    assert task_named(TWO, "b").name == "b"
    with pytest.raises(SettingsError, match=r"there are several tasks in millrace.toml. Name one by --task: a, b"):
        task_named(TWO, None)
    with pytest.raises(SettingsError, match="there is no task 'c'"):
        task_named(TWO, "c")
    require_recipe(ONE.tasks[0], "good")
    with pytest.raises(SettingsError, match=r"has no recipe 'bad'. Name one by --recipe: good"):
        require_recipe(ONE.tasks[0], "bad")


def test_nothing_is_trained_unless_a_manifest_is_named() -> None:
    """There is no default: a person says which version."""
    with pytest.raises(SystemExit, match="2"):
        parser().parse_args([])
