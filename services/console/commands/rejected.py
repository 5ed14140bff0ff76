"""`millrace rejected`: list the documents that a rule said no to, or count them by reason and source."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from services.console import terminal
from services.console.core.letters import since_when
from services.console.core.payload import safe_line
from services.console.core.rejections import Choice, Survey, count_row, rejection_row
from services.console.core.topics import counted
from services.console.kafka_admin import connected
from services.console.usage import Command, examples, spread
from shared.contracts.topics import DOCUMENTS_REJECTED
from shared.settings import KafkaSettings, load
from shared.stream.topic_reader import TopicReader


@dataclass(frozen=True)
class Filters:
    """Options that say which rejections are meant."""

    reason: Annotated[str | None, typer.Option(metavar="REASON", help="Only with this reason.")] = None
    source: Annotated[str | None, typer.Option(metavar="SOURCE", help="Only of this source.")] = None
    since: Annotated[
        str | None,
        typer.Option(help="Only what was rejected since: 90s, 15m, 2h, 3d ago, or RFC 3339.", metavar="WHEN"),
    ] = None

    def choice(self) -> Choice:
        """Give them as a choice; raises `typer.BadParameter`."""
        try:
            since = since_when(self.since, datetime.now(UTC)) if self.since else None
        except (ValueError, OverflowError) as error:
            fault = f"{self.since!r} is neither like 90s, 15m, 2h or 3d nor RFC 3339"
            raise typer.BadParameter(fault, param_hint="--since") from error
        return Choice(self.reason, self.source, since)


@spread
def rejected(
    filters: Filters,
    limit: Annotated[int, typer.Option(metavar="COUNT", min=1, help="The most rejections to list: the newest.")] = 20,
    counts: Annotated[bool, typer.Option("--counts", help="Count by reason and source instead.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """List the documents that a rule said no to, the newest last.

    A document that is rejected again at its next crawl is listed again; what Kafka delivered twice is listed once.
    """
    choice = filters.choice()
    survey = _survey(load(KafkaSettings), choice, limit)
    if as_json:
        terminal.write_json(survey.counted() if counts else survey.listed())
    elif counts and survey.total:
        terminal.table(("reason", "step", "source", "documents"), map(count_row, survey.counted()))
    elif survey.total:
        terminal.table(("at", "source", "step", "reason", "detail", "url"), map(rejection_row, survey.listed()))
    _complain_of_unreadable(survey)
    missing = survey.nothing()
    if missing:
        raise terminal.NotDone(missing)
    if not as_json:
        _say_how_many(survey, counts)


COMMAND: Final = Command(
    rejected,
    examples(
        "millrace rejected --counts",
        "millrace rejected --reason too-short --source my-site --limit 100",
        "millrace rejected --since 1h --json | jq -r '.[].url'",
    ),
)


def _survey(kafka: KafkaSettings, choice: Choice, limit: int) -> Survey:
    topic = DOCUMENTS_REJECTED.name
    with connected(kafka) as admin:
        if admin.topic_id(topic) is None:
            raise terminal.NotDone(f"there is no topic {topic}. Create it: millrace topics apply")
    return Survey(choice, limit).take(TopicReader(kafka).read(topic))


def _complain_of_unreadable(survey: Survey) -> None:
    if survey.first_unreadable is not None:
        place, flaw = survey.first_unreadable
        terminal.complain(
            f"{counted(survey.unreadable, 'record')} of {DOCUMENTS_REJECTED.name} can't be read, and so in no count; "
            f"the first is {place}: {safe_line(flaw)}"
        )


def _say_how_many(survey: Survey, counts: bool) -> None:
    if not survey.total:
        terminal.say("No rejected documents that fit.")
    elif not counts and survey.total > survey.limit:
        terminal.say(f"The newest {survey.limit:,} of {survey.total:,}; --limit shows more, --counts counts all.")
    else:
        terminal.say(f"{counted(survey.total, 'document')} rejected.")
