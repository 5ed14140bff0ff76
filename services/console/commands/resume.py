"""`millrace resume`: let a service that its dead-letter limit halted go on."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from infra.local import control
from services.console import terminal
from services.console.core.payload import safe_line
from services.console.desk import PATIENCE, operator
from services.console.usage import Command, examples
from shared.io.object_store import PreconditionFailed
from shared.io.s3 import S3ObjectStore
from shared.settings import StoreSettings, load
from shared.stream.halt import HaltMarker
from shared.stream.halts import Halts


def resume(
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="The halted service, such as cleaner.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
) -> None:
    """Let a service go on that its dead-letter limit halted.

    Mend the cause first. The records that tripped the limit become dead letters without being counted again; new ones
    are counted as ever.
    """
    with closing(S3ObjectStore.from_settings(load(StoreSettings), PATIENCE)) as store:
        halts = Halts(store)
        marker = halts.read(service)
        if marker is None:
            _say_what_is_halted(halts, service)
            return
        for line in _told(marker):
            terminal.say(line)
        if not marker.resumed:
            terminal.confirm(f"Let {service} go on?", yes)
            _let_go_on(halts, marker)
    _start(service)


COMMAND: Final = Command(resume, examples("millrace resume cleaner", "millrace resume cleaner --yes"))


def _let_go_on(halts: Halts, seen: HaltMarker) -> None:
    try:
        halts.resume(seen, str(operator()), datetime.now(UTC))
    except PreconditionFailed as error:
        raise terminal.NotDone(f"{error}. Look again.") from error
    terminal.say(f"{seen.service} may go on.")


def _say_what_is_halted(halts: Halts, service: str) -> None:
    halted = halts.halted()
    if halted:
        raise terminal.NotDone(f"{service} is not halted. Halted: {', '.join(map(safe_line, halted))}")
    terminal.say("Nothing is halted.")


def _told(marker: HaltMarker) -> Iterator[str]:
    yield f"{safe_line(marker.service)} halted at {marker.at:%Y-%m-%d %H:%M:%S %Z}: {safe_line(marker.reason)}."
    yield from (f"  error   {safe_line(sample, 300)}" for sample in marker.samples)
    yield from (f"  records {held.topic}/{held.partition}, {held.first} to {held.last}" for held in marker.ranges)
    if marker.resumed:
        yield f"It was resumed by {safe_line(marker.resumed_by)} at {marker.resumed_at:%Y-%m-%d %H:%M:%S %Z}."


def _start(service: str) -> None:
    """Start the service where the local stack runs it; elsewhere its supervisor does, or the person."""
    if not control.is_up():
        terminal.say("Start it, if its supervisor does not.")
        return
    try:
        control.start(service)
    except control.ControlError as error:
        terminal.say(f"The local stack did not start it: {error}")
    else:
        terminal.say("The local stack starts it.")
