"""`millrace dlq`: look at dead letters, replay them, drop them, and see who did what."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated

import typer

from services.console import terminal
from services.console.core.audit import LEASE, PAST, Action, Standing
from services.console.core.card import card, written_out
from services.console.core.letters import Letter, Selection, grouped, since_when
from services.console.core.payload import safe_line
from services.console.core.resolving import Forecast, Order
from services.console.core.tables import announcement, entry_table, group_table
from services.console.core.topics import counted
from services.console.desk import Desk, desk
from services.console.resolver import Resolver
from services.console.usage import examples, group, spread

app = group("Look at dead letters, replay or drop them, and see who did what.")

ATopic = Annotated[str, typer.Argument(metavar="TOPIC", help="A topic, or that of its dead letters (with -dlq).")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]
ShowAll = Annotated[bool, typer.Option("--all", help="Show the resolved ones as well.")]


@dataclass(frozen=True)
class Filters:
    """Options that say which letters are meant."""

    error: Annotated[
        list[str] | None, typer.Option(help="Only of this error class; may be given again.", metavar="CLASS")
    ] = None
    service: Annotated[
        list[str] | None,
        typer.Option(help="Only of this service; may be given again.", metavar="NAME"),
    ] = None
    since: Annotated[
        str | None, typer.Option(help="Only what failed since: 90s, 15m, 2h, 3d ago, or RFC 3339.", metavar="WHEN")
    ] = None
    at: Annotated[
        list[int] | None, typer.Option(help="Only the letter at this offset; may be given again.", metavar="OFFSET")
    ] = None

    def selection(self) -> Selection:
        """Give them as a selection; raises `typer.BadParameter`."""
        try:
            since = since_when(self.since, datetime.now(UTC)) if self.since else None
        except (ValueError, OverflowError) as error:
            fault = f"{self.since!r} is neither like 90s, 15m, 2h or 3d nor RFC 3339"
            raise typer.BadParameter(fault, param_hint="--since") from error
        return Selection(tuple(self.error or ()), tuple(self.service or ()), tuple(self.at or ()), since)


@dataclass(frozen=True)
class View:
    """Options that say how much to show, and how."""

    limit: Annotated[int, typer.Option(metavar="COUNT", min=1, help="The most letters to show.")] = 10
    offset: Annotated[int, typer.Option(metavar="OFFSET", min=0, help="Start at this offset.")] = 0
    value_limit: Annotated[
        int, typer.Option(metavar="CHARACTERS", min=0, help="The most characters of each value to show.")
    ] = 2_000
    show_all: ShowAll = False
    as_json: AsJson = False


@dataclass(frozen=True)
class Consent:
    """Options that say whether to act."""

    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")] = False


@app.command("list", epilog=examples("millrace dlq list", "millrace dlq list documents-raw --all"))
def list_letters(
    topic: Annotated[str | None, typer.Argument(metavar="TOPIC", help="A topic; by default all.")] = None,
    show_all: ShowAll = False,
    as_json: AsJson = False,
) -> None:
    """Count open dead letters by topic, service and error."""
    with desk() as at_desk:
        topics = [at_desk.topic(topic)] if topic else at_desk.topics()
        groups = [
            found
            for name in topics
            for found in grouped((one, how.short if how else "") for one, how in _remarked(at_desk, name, show_all))
        ]
    if as_json:
        terminal.write_json(groups)
    elif groups:
        terminal.table(*group_table(groups, "now" if any(found.remark for found in groups) else ""))
    else:
        terminal.say("No dead letters." if show_all else "No open dead letters.")


@app.command(
    epilog=examples(
        "millrace dlq show documents-raw --error UnicodeDecodeError --limit 3",
        "millrace dlq show documents-raw --at 12 --value-limit 100000",
        "millrace dlq show documents-raw --json | jq -r '.[0].value' | base64 -d",
    )
)
@spread
def show(topic: ATopic, filters: Filters, view: View) -> None:
    """Show dead letters one by one: error, origin, key, headers and value, whatever bytes they hold."""
    selection = filters.selection()
    with desk() as at_desk:
        found = _remarked(at_desk, at_desk.topic(topic), view.show_all, view.offset)
        chosen = islice(((one, how) for one, how in found if selection.takes(one)), view.limit)
        if view.as_json:
            terminal.write_json([card(one, how) for one, how in chosen])
            return
        shown = list(chosen)
        for one, how in shown:
            terminal.say("\n".join(written_out(one, how, view.value_limit)))
        if not shown:
            terminal.say("No dead letters that fit." if view.show_all else "No open dead letters that fit.")


@app.command(
    epilog=examples(
        "millrace dlq replay documents-raw --error UnicodeDecodeError --dry-run",
        "millrace dlq replay documents-raw --service cleaner --since 2h --yes",
    )
)
@spread
def replay(topic: ATopic, filters: Filters, consent: Consent) -> None:
    """Send dead letters back to the topic that they came from, and mark them as resolved.

    A letter is sent again with its key, value and headers as they were. One that fails again comes back as a new
    letter with a higher attempt.
    """
    _resolve("replay", topic, filters, consent)


@app.command(
    epilog=examples(
        "millrace dlq drop documents-raw --error KeyError --reason 'a broken export'",
        "millrace dlq drop documents-raw --at 12 --yes",
    )
)
@spread
def drop(
    topic: ATopic,
    filters: Filters,
    consent: Consent,
    reason: Annotated[str, typer.Option(metavar="REASON", help="Why; kept in the audit log.", show_default=False)] = "",
) -> None:
    """Mark dead letters as resolved without sending them anywhere."""
    _resolve("drop", topic, filters, consent, reason)


@app.command(epilog=examples("millrace dlq audit documents-raw", "millrace dlq audit documents-raw --json"))
def audit(topic: ATopic, as_json: AsJson = False) -> None:
    """Show who replayed and dropped what, when and why."""
    with desk() as at_desk:
        ledger = at_desk.ledger(at_desk.topic(topic))
    if as_json:
        terminal.write_json(ledger.entries)
    elif ledger.entries:
        terminal.table(*entry_table(ledger.entries))
    else:
        terminal.say("Nothing was replayed or dropped.")


def _resolve(action: Action, topic: str, filters: Filters, consent: Consent, reason: str = "") -> None:
    selection = filters.selection()
    with desk() as at_desk:
        name = at_desk.topic(topic)
        order = Order(
            topic=name,
            topic_id=at_desk.topic_id(name),
            action=action,
            ends=at_desk.letters.ends(name),
            selection=selection,
            reason=reason,
        )
        resolver = at_desk.resolver(name)
        forecast = resolver.forecast(order)
        _announce(forecast, order)
        if consent.dry_run:
            return
        refused = 0
        if forecast.count or forecast.abandoned:
            terminal.confirm("Do it?", consent.yes)
            refused = _do(resolver, order)
    _require_all_done(forecast, refused)


def _announce(forecast: Forecast, order: Order) -> None:
    if forecast.groups:
        terminal.table(*group_table(forecast.groups, "obstacle" if forecast.blocked else ""))
    for sentence in announcement(forecast, order):
        terminal.say(sentence)
    if not forecast.count and not forecast.abandoned:
        terminal.say(f"Nothing to {order.action}.")


def _do(resolver: Resolver, order: Order) -> int:
    """Do `order`, say what was done as it is, and give how many letters the broker refused."""
    refused = 0
    for batch in resolver.resolve(order):
        terminal.say(f"{counted(batch.count, 'letter')} {PAST[batch.begun.action]}.")
        for place, why in batch.refused:
            terminal.complain(
                f"letter {place.partition}/{place.offset} was refused, and is still open: {safe_line(why)}"
            )
        refused += len(batch.refused)
    return refused


def _require_all_done(forecast: Forecast, refused: int) -> None:
    """Raise `NotDone` where letters that were meant are left."""
    left = forecast.blocked + refused
    if left:
        raise terminal.NotDone(f"{counted(left, 'letter')} can't be replayed; look at them, then drop or mend them.")
    if forecast.busy and not forecast.count:
        raise terminal.NotDone(f"somebody else is at it; look again after {LEASE.total_seconds() / 60:.0f} minutes.")


def _remarked(at_desk: Desk, topic: str, show_all: bool, start: int = 0) -> Iterator[tuple[Letter, Standing | None]]:
    """Yield letters from the offset `start` on, and how each stands; those that are done with only if `show_all`."""
    ledger, letters = at_desk.ledger(topic), at_desk.letters
    ends = letters.ends(topic)
    for letter in letters.read(topic, ends, dict.fromkeys(ends, start)):
        standing = ledger.standing(letter.place)
        if show_all or standing is None or not standing.done:
            yield letter, standing
