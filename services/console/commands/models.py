"""`millrace models`: list versions, show one, say why it serves, put another in its place, verify what is signed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
import typer

from services.console import terminal
from services.console.core.datasets import size
from services.console.core.models import (
    CHANGE_HEAD,
    CHECK_HEAD,
    FILE_HEAD,
    Report,
    Why,
    about,
    change,
    change_rows,
    check_rows,
    file_rows,
    metric_table,
    sentence,
    version_table,
)
from services.console.core.payload import safe_line, safe_payload
from services.console.core.topics import counted
from services.console.desk import operator
from services.console.model_shelf import Shelf, shelf
from services.console.model_swap import Swap
from services.console.usage import examples, group, spread
from shared.contracts.topics import MODELS_PUBLISHED
from shared.flywheel.forms import short_name
from shared.flywheel.load import configured_flywheel
from shared.io.kafka_producer import KafkaProducer
from shared.models.aliases import Aliases
from shared.settings import KafkaSettings, StoreSettings, load

app = group("Look at model versions, see why one serves, put another in its place, verify what is signed.")

_LABEL_WIDTH: Final = 16
_CARD_CHARACTERS: Final = 50_000

AVersion = Annotated[
    int | None,
    typer.Argument(
        metavar="VERSION", min=1, help="A version; by default the champion, or the newest before there is one."
    ),
]


@dataclass(frozen=True)
class Which:
    """An option that says which model."""

    model: Annotated[
        str | None, typer.Option(help="The model; by default that of the task in MILLRACE_CONFIG.", metavar="NAME")
    ] = None

    @property
    def name(self) -> str:
        """Name the model; raises `typer.BadParameter` for what is no name, or where the flywheel has several tasks."""
        if self.model is None:
            return _only_task()
        try:
            return short_name(self.model)
        except ValueError as error:
            raise typer.BadParameter(f"{self.model!r}: {error}", param_hint="--model") from error


@dataclass(frozen=True)
class Place(Which):
    """Options that say which model, and how to show it."""

    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False


@dataclass(frozen=True)
class Consent:
    """Options that say why, and whether to ask."""

    reason: Annotated[str, typer.Option(metavar="REASON", help="Why; kept in the history.", show_default=False)] = ""
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False


@app.command("list", epilog=examples("millrace models list", "millrace models list --json | jq '.[-1].metrics'"))
@spread
def list_versions(place: Place) -> None:
    """List every version: its aliases, what it was made of, and its accuracy on test rows by slice."""
    with shelf(place.name) as opened:
        aliases = opened.store.aliases()
        lines = [opened.line(version, aliases) for version in opened.store.versions()]
    if place.as_json:
        terminal.write_json(lines)
    elif lines:
        terminal.table(*version_table(lines))
    else:
        terminal.say(f"Model {opened.store.model} has no version yet.")


@app.command(epilog=examples("millrace models show", "millrace models show 3 --json | jq .cost"))
@spread
def show(place: Place, version: AVersion = None) -> None:
    """Show one version: what made it, accuracy beside the baseline, files and digests, and its card."""
    with shelf(place.name) as opened:
        manifest = opened.read(opened.chosen(version))
        aliases, signed_by = opened.store.aliases(), opened.signed_by(manifest.version)
        card = opened.card(manifest)
    if place.as_json:
        line = {"signed_by": signed_by, "card": card.decode(errors="replace")}
        terminal.write_json(msgspec.to_builtins(manifest) | line)
        return
    for heading, text in about(manifest, aliases, signed_by):
        terminal.say(f"{heading:{_LABEL_WIDTH}}{text}")
    terminal.say()
    terminal.table(*metric_table({"model": manifest.metrics, "baseline": manifest.baseline}))
    terminal.say()
    terminal.table(FILE_HEAD, file_rows(manifest))
    if card:
        terminal.say()
        terminal.say(safe_payload(card, _CARD_CHARACTERS))


@app.command(epilog=examples("millrace models why", "millrace models why 3 --json"))
@spread
def why(place: Place, version: AVersion = None) -> None:
    """Say why a version serves, or doesn't: each verdict of the gate, every number in it, and the champion's own."""
    with shelf(place.name) as opened:
        found = opened.why(opened.chosen(version))
    if place.as_json:
        terminal.write_json(found)
        return
    _tell_why(found)
    if found.champion is not None:
        terminal.say()
        terminal.say(f"The champion is version {found.champion.version}.", style="bold")
        _tell_why(found.champion)


@app.command(epilog=examples("millrace models history", "millrace models history --json"))
@spread
def history(place: Place) -> None:
    """Show every change of the champion: when, by whom, by which verdict or by hand, and why."""
    with shelf(place.name) as opened:
        changes = opened.store.history()
    if place.as_json:
        terminal.write_json(changes)
    elif changes:
        terminal.table(CHANGE_HEAD, change_rows(changes))
    else:
        terminal.say(f"Model {opened.store.model} has no champion yet.")


@app.command(
    epilog=examples("millrace models promote 3 --reason 'better on short questions'", "millrace models promote 3 --yes")
)
@spread
def promote(
    place: Which,
    consent: Consent,
    version: Annotated[int, typer.Argument(metavar="VERSION", min=1, help="The version.")],
) -> None:
    """Make a version the champion by hand, whatever the gate said; gateways swap within seconds.

    A version that doesn't verify is refused, for gateways would refuse it too.
    """
    with shelf(place.name) as opened:
        aliases = opened.store.aliases()
        champion = None if aliases is None else aliases.champion
        if champion == opened.chosen(version):
            terminal.say(f"Version {version} is the champion already.")
            return
        _require_sound(opened, version)
        _compare(opened, version, champion)
        terminal.confirm(f"Make version {version} the champion?", consent.yes)
        _swap(opened, consent, lambda swap: swap.promote(version, champion))


@app.command(epilog=examples("millrace models rollback", "millrace models rollback --reason 'wrong on invoices' --yes"))
@spread
def rollback(place: Which, consent: Consent) -> None:
    """Let the previous version be champion again; gateways swap within seconds. Doing so twice changes nothing.

    The next version that passes the gate is compared with it as with any champion.
    """
    with shelf(place.name) as opened:
        aliases = opened.store.aliases()
        if aliases is None or aliases.previous is None:
            raise terminal.NotDone(
                f"model {opened.store.model} has no previous version to roll back to. Make another one the champion: "
                "millrace models promote VERSION"
            )
        champion, back_to = aliases.champion, aliases.previous
        _require_sound(opened, back_to)
        _compare(opened, back_to, champion)
        terminal.confirm(f"Make version {back_to} the champion again?", consent.yes)
        _swap(opened, consent, lambda swap: swap.rollback(champion))


@app.command(epilog=examples("millrace models verify", "millrace models verify 3", "millrace models verify --all"))
@spread
def verify(
    place: Place,
    version: AVersion = None,
    every: Annotated[bool, typer.Option("--all", help="Verify every version that is there.")] = False,
) -> None:
    """Check a version's signature, and fetch every file for its digest and its content; ends with 1 for a problem."""
    if every and version is not None:
        raise typer.BadParameter("give a version or --all, not both", param_hint="--all")
    with shelf(place.name) as opened:
        versions = opened.store.versions() if every else [opened.chosen(version)]
        reports = [_verified(opened, one, aloud=not place.as_json) for one in versions]
    if place.as_json:
        terminal.write_json(reports)
    wrong = [report for report in reports if report.problems]
    if wrong:
        found = counted(sum(len(report.problems) for report in wrong), "problem")
        raise terminal.NotDone(f"{found} in version {', '.join(str(report.version) for report in wrong)}.")


def _only_task() -> str:
    names = [task.name for task in configured_flywheel().tasks]
    if len(names) != 1:
        said = f"the flywheel has {counted(len(names), 'task')}: {', '.join(names)}" if names else "it has no task"
        raise typer.BadParameter(f"{said}; say which model", param_hint="--model")
    return names[0]


def _tell_why(found: Why) -> None:
    for verdict in found.verdicts:
        terminal.say(sentence(verdict))
        terminal.table(CHECK_HEAD, check_rows(verdict))
    if not found.verdicts:
        terminal.say(f"The gate said nothing of version {found.version} yet.")
    for one in found.changes:
        terminal.say(f"{change(one)}.")
    if not found.changes:
        terminal.say(f"Version {found.version} never was champion.")


def _require_sound(opened: Shelf, version: int) -> None:
    terminal.say(f"Verifying version {version} …")
    if found := opened.report(version).problems:
        for problem in found:
            terminal.complain(safe_line(problem, 1_000))
        raise terminal.NotDone(f"version {version} does not verify, so no gateway would serve it; nothing was done.")


def _compare(opened: Shelf, version: int, champion: int | None) -> None:
    """Show how a version and the champion did, and what the gate said of the two."""
    columns = {f"version {one}": opened.line(one, None).metrics for one in (version, champion) if one is not None}
    terminal.table(*metric_table(columns))
    said = [verdict for verdict in opened.verdicts_on(version) if verdict.champion == champion]
    for verdict in said:
        terminal.say(sentence(verdict))
    if not said:
        terminal.say(f"The gate never held version {version} against {champion or 'no champion'}.")


def _swap(opened: Shelf, consent: Consent, change_by: Callable[[Swap], Aliases]) -> None:
    by, bucket = str(operator()), load(StoreSettings).bucket
    # Connected first: where Kafka is away nothing is done, rather than half of it.
    with KafkaProducer.connect(load(KafkaSettings), [MODELS_PUBLISHED.name]) as producer:
        done = change_by(Swap(opened, producer, bucket, by, consent.reason, datetime.now(UTC)))
    terminal.say(f"Version {done.champion} is the champion, and {MODELS_PUBLISHED.name} was told.")


def _verified(opened: Shelf, version: int, aloud: bool) -> Report:
    report = opened.report(version)
    if aloud:
        _tell_report(report)
    return report


def _tell_report(report: Report) -> None:
    if report.problems:
        rows = [(str(report.version), safe_line(problem, 400)) for problem in report.problems]
        terminal.table(("version", "problem"), rows)
        return
    held = f"{counted(report.files, 'file')} of {size(report.bytes)}"
    terminal.say(f"Version {report.version} is verified: {held}, signed by {report.signed_by}.")
