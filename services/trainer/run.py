"""Trains on one dataset version by hand: `python -m services.trainer.run --manifest KEY`, as the service would."""

import argparse
import re
import sys
import time
from collections.abc import Callable, Sequence
from typing import Final

from services.trainer.app import Trainer
from services.trainer.hand import Hand
from services.trainer.metrics import SERVICE, TrainerMetrics
from shared.datasets.store import NoSuchVersion
from shared.flywheel.config import Flywheel
from shared.flywheel.learning import Task
from shared.settings import SettingsError
from shared.stream.ending import ended, stop_signal
from shared.stream.refusal import refusing
from shared.telemetry.logging import configure_logging

KEY: Final = re.compile(r"datasets/(?P<dataset>[^/]+)/manifests/(?P<version>\d{8})\.json")
EXAMPLES: Final = """examples:
  what would be done:
    python -m services.trainer.run --manifest datasets/support-router/manifests/00000021.json --dry-run
  what the trainer would do with version 21, or what is left of it:
    python -m services.trainer.run --manifest datasets/support-router/manifests/00000021.json
  one recipe of the ladder, whatever was decided:
    python -m services.trainer.run --manifest datasets/support-router/manifests/00000021.json --recipe ngrams-e5

A run that was done is not done again; one that failed is. `millrace datasets list` lists versions."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, with progress on standard output; gives the exit code: 1 where a run failed."""
    given = parser().parse_args(arguments)
    with refusing(SERVICE):
        trainer = Trainer.configured()
        task = task_named(trainer.flywheel, given.task)
        version = version_of(given.manifest, trainer.flywheel.dataset.name)
        require_recipe(task, given.recipe)
    configure_logging(SERVICE, trainer.telemetry.model_copy(update={"log_level": "warning"}))
    codes: list[int] = []

    def train() -> None:
        say = _teller()
        with trainer.scheduling(
            TrainerMetrics(), stop_signal(), lambda run, text: say(f"{run}: {text}"), by_hand=True
        ) as (scheduler, _):
            try:
                codes.append(Hand(scheduler, task, given.recipe, say).train(version, dry=given.dry_run))
            except NoSuchVersion as error:
                codes.append(_refused(str(error)))

    code = ended(train)
    return codes[0] if codes else code


def parser() -> argparse.ArgumentParser:
    """Give the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="python -m services.trainer.run",
        description="Train on one dataset version by hand, with the same records as the trainer.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--manifest", required=True, metavar="KEY", help="the key of the version's manifest in the store")
    made.add_argument("--task", help="a task of millrace.toml; not needed where there is one alone")
    made.add_argument("--recipe", help="one recipe of the task; by default those of the decision, or of the ladder")
    made.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    return made


def task_named(flywheel: Flywheel, name: str | None) -> Task:
    """Find the task; raises `SettingsError` that names those that there are."""
    tasks = {task.name: task for task in flywheel.tasks}
    if name is None and len(tasks) == 1:
        return next(iter(tasks.values()))
    if name not in tasks:
        asked = f"there is no task {name!r}" if name else "there are several tasks"
        raise SettingsError(f"{asked} in millrace.toml. Name one by --task: {', '.join(tasks) or 'it has none'}")
    return tasks[name]


def require_recipe(task: Task, name: str | None) -> None:
    """Raise `SettingsError` for a recipe that the task hasn't."""
    names = [recipe.name for recipe in task.recipes]
    if name is not None and name not in names:
        raise SettingsError(f"task {task.name} has no recipe {name!r}. Name one by --recipe: {', '.join(names)}")


def version_of(key: str, dataset: str) -> int:
    """Give the version that a manifest's key names; raises `SettingsError` unless it is one of `dataset`."""
    found = KEY.fullmatch(key)
    if found is None:
        raise SettingsError(
            f"--manifest {key} is no manifest's key. Give one such as datasets/{dataset}/manifests/00000021.json"
        )
    if found["dataset"] != dataset:
        raise SettingsError(
            f"--manifest {key} is of dataset {found['dataset']}, and millrace.toml declares {dataset}. Name another by "
            "MILLRACE_CONFIG, or a manifest of that one"
        )
    return int(found["version"])


def _teller() -> Callable[[str], None]:
    """Give what writes a line, behind the seconds since now."""
    began = time.monotonic()

    def say(text: str) -> None:
        sys.stdout.write(f"{time.monotonic() - began:7.1f} s  {text}\n")
        sys.stdout.flush()

    return say


def _refused(why: str) -> int:
    sys.stderr.write(f"{SERVICE}: {why}. `millrace datasets list --all` lists those that there are.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
