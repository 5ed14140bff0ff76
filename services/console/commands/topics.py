"""`millrace topics`: create the topics of `shared/contracts/topics.py`, and look at them."""

from datetime import timedelta
from operator import attrgetter
from typing import Annotated

import typer

from services.console import terminal
from services.console.core.topics import FOREVER_MS, Plan, Sizing, TopicShape, counted, declared, plan
from services.console.kafka_admin import connected
from services.console.settings import TopicSettings
from services.console.topic_job import apply as apply_topics
from services.console.usage import examples, group
from shared.contracts.topics import TOPICS
from shared.settings import KafkaSettings, load

app = group("Create the topics that are declared, and look at them.")


@app.command(
    epilog=examples(
        "millrace topics apply --dry-run        show what would change",
        "millrace topics apply --partitions 4   on a laptop",
    ),
)
def apply(
    partitions: Annotated[
        int | None,
        typer.Option(
            metavar="COUNT", min=1, max=10_000, help="Partitions of a new topic. By default TOPICS_PARTITIONS, 24."
        ),
    ] = None,
    replication: Annotated[
        int | None,
        typer.Option(metavar="COUNT", min=1, max=100, help="Replicas. By default 3, or as many as there are brokers."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")] = False,
) -> None:
    """Create every declared topic and its dead letters, and mend their settings.

    Doing so again, or by several at once, is harmless. A partition count is never changed, for records of one key would
    lose their order.
    """
    settings = load(TopicSettings)
    with connected(load(KafkaSettings)) as admin:
        _, brokers = admin.cluster()
        sizing = Sizing(partitions or settings.partitions, replication or settings.replication, brokers)
        wanted = declared(TOPICS, sizing)
        if dry_run:
            done = plan(wanted, admin.shapes([shape.name for shape in wanted]), sizing)
        else:
            done = apply_topics(admin, wanted, sizing)
    _report(done, "would be " if dry_run else "")
    if done.refuse:
        raise terminal.NotDone("not every topic is as declared.")
    terminal.say(f"{len(wanted)} topics are as declared." if done.settled or not dry_run else "Nothing was done.")


@app.command(
    "list",
    epilog=examples("millrace topics list", "millrace topics list --json | jq -r '.[].name'"),
)
def list_topics(as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False) -> None:
    """Show every topic of the cluster, its size and its settings, and whether it is declared."""
    with connected(load(KafkaSettings)) as admin:
        shapes = sorted(admin.shapes(admin.names()).values(), key=attrgetter("name"))
    owned = {shape.name for shape in declared(TOPICS, Sizing())}
    if as_json:
        terminal.write_json(shapes)
    else:
        terminal.table(_COLUMNS, (_row(shape, owned) for shape in shapes))


_COLUMNS = ("topic", "partitions", "replicas", "kept for", "largest record", "declared")


def _row(shape: TopicShape, owned: set[str]) -> tuple[object, ...]:
    limit = f"{int(shape.settings['max.message.bytes']):,} bytes"
    kept = _kept(shape.settings["retention.ms"])
    return shape.name, shape.partitions, shape.replication, kept, limit, "yes" if shape.name in owned else "no"


def _kept(retention_ms: str) -> str:
    return "ever" if retention_ms == FOREVER_MS else str(timedelta(milliseconds=int(retention_ms))).split(",")[0]


def _report(done: Plan, would: str) -> None:
    for shape in done.create:
        size = f"{counted(shape.partitions, 'partition')}, {counted(shape.replication, 'replica')}"
        terminal.say(f"{shape.name}: {would}created, {size}")
    for change in done.change:
        terminal.say(f"{change.topic}: {change.setting} {would}changed from {change.old or 'nothing'} to {change.new}")
    for refusal in done.refuse:
        terminal.complain(f"{', '.join(refusal.topics)}: {refusal.reason}. What to do: {refusal.remedy}.")
