"""`millrace feedback`: the corrections that wait until a person has looked at them, and the word that lets them in."""

from typing import Annotated

import typer

from services.console import terminal
from services.console.core.corrections import HEAD, WAITS, Correction, correction_row, obstacle
from services.console.core.payload import safe_line
from services.console.core.topics import counted
from services.console.feedback_desk import FeedbackDesk, feedback_desk
from services.console.usage import examples, group

app = group("Look at customers' corrections, and accept those that are to be learnt.")


@app.command(
    "list",
    epilog=examples(
        "millrace feedback list",
        "millrace feedback list --all --json | jq -r '.[].text'",
    ),
)
def show(
    every: Annotated[
        bool, typer.Option("--all", help="Also those that were accepted, and those that can't be learnt.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """List the corrections that wait until a person accepts them, the newest last.

    Of each input it is its customer's latest word that waits; one without the text was given without consent to train
    on it, and waits for nothing. The column `for` says what its row is for: one for train is learnt, by the others
    models are judged.
    """
    with feedback_desk() as desk:
        found = desk.corrections()
    waiting = [one for one in found if one.state == WAITS]
    shown = found if every else waiting
    if as_json:
        terminal.write_json(shown)
        return
    if shown:
        terminal.table(HEAD, map(correction_row, shown))
    terminal.say(_sum(len(waiting)))


@app.command(
    epilog=examples(
        "millrace feedback accept 0f3a90c1d4e5b6a7081920a1b2c3d4e5",
        "millrace feedback accept 0f3a90c1d4e5b6a7… 5f0c1d22e3b4a596… --yes",
    )
)
def accept(
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="Which, by the ids that the list shows.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
) -> None:
    """Accept corrections: the dataset builder makes a row of each, in the dataset's next version.

    Who accepted is kept beside each, for ever. One that was accepted already is left as it is, and one that is not to
    be learnt is left waiting.
    """
    with feedback_desk() as desk:
        waiting = _chosen(desk, ids)
        if not waiting:
            terminal.say("Accepted already; nothing was done.")
            return
        terminal.table(HEAD, map(correction_row, waiting))
        terminal.confirm(f"Accept {counted(len(waiting), 'correction')}?", yes)
        desk.accept(waiting)
    terminal.say(f"Accepted {counted(len(waiting), 'correction')}. A row of each comes in the dataset's next version.")


def _chosen(desk: FeedbackDesk, ids: list[str]) -> list[Correction]:
    """Give those of `ids` that wait; raises `NotDone`, before anything is done, where one can't be accepted."""
    found = {one.feedback_id: one for one in desk.corrections()}
    for one in ids:
        if why := obstacle(desk.words, found, one):
            raise terminal.NotDone(f"{safe_line(one)}: {why}. Nothing was done; what waits: millrace feedback list")
    return [found[one] for one in dict.fromkeys(ids) if found[one].state == WAITS]


def _sum(waiting: int) -> str:
    if not waiting:
        return "No correction waits."
    return f"{counted(waiting, 'correction')} waiting. Accept: millrace feedback accept ID"
