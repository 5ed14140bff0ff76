"""`millrace plan`: show what a flywheel's file would do, before it does."""

from pathlib import Path
from typing import Annotated, Final

import typer

from services.console import terminal
from services.console.core.plan import record, sections, step_rows, topic_rows, unknown_augmentations
from services.console.usage import Command, examples
from shared.flywheel.config import Flywheel
from shared.flywheel.load import load_flywheel
from shared.flywheel.steps import AUGMENTATIONS
from shared.settings import FlywheelSettings, load

_LABEL_WIDTH: Final = 20


def plan(
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", metavar="FILE", help="The flywheel's file. By default MILLRACE_CONFIG, millrace.toml."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Show what millrace.toml says: sources, cleaning steps with their thresholds, dataset, tasks, topics.

    Nothing is started or changed. Ends with 2 where the file is wrong, and tells every fault with its line.
    """
    file = config or load(FlywheelSettings).config
    flywheel = load_flywheel(file)
    if as_json:
        terminal.write_json({"file": str(file), **record(flywheel)})
    else:
        _write_out(flywheel)
    unknown = unknown_augmentations(flywheel)
    if unknown:
        raise terminal.NotDone(
            f"{file}: [augmentation] operations asks for what there is not: {', '.join(unknown)}. "
            f"There are: {', '.join(AUGMENTATIONS)}"
        )


COMMAND: Final = Command(
    plan,
    examples(
        "millrace plan",
        "millrace plan --config examples/support-router/millrace.toml",
        "millrace plan --json | jq '.steps[].thresholds.zh'",
    ),
)


def _write_out(flywheel: Flywheel) -> None:
    told = list(sections(flywheel))
    of_sources = len(flywheel.sources)
    for section in told[:of_sources]:
        _write(section.head, section.lines)
    terminal.say("cleaning steps", "bold")
    terminal.table(("", "step", "does", "en", "zh"), step_rows(flywheel))
    terminal.say()
    for section in told[of_sources:]:
        _write(section.head, section.lines)
    terminal.say("topics", "bold")
    terminal.table(("topic", "carries", "written by", "read by"), topic_rows())


def _write(head: str, lines: tuple[tuple[str, str], ...]) -> None:
    terminal.say(head, "bold")
    for label, text in lines:
        terminal.say(f"  {label:{_LABEL_WIDTH}}{text}")
    terminal.say()
