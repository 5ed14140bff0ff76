"""Kafka: there, of the right version, with the right topics, and of the same mind about the time."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from infra.stack import load_stack
from services.console.core.diagnosis import Finding, Verdict, judge_skew, judge_version
from services.console.core.topics import Plan, Sizing, counted, declared, plan
from services.console.kafka_admin import KafkaAdmin, connected
from services.console.settings import TopicSettings
from shared.contracts.topics import TOPICS
from shared.settings import KafkaSettings, load

_PATIENCE_SECONDS: Final = 5


def kafka() -> Iterator[Finding]:
    """Look at the cluster, its version, its topics and its clock."""
    settings, sizes = load(KafkaSettings), load(TopicSettings)
    with connected(settings, _PATIENCE_SECONDS) as admin:
        cluster, brokers = admin.cluster()
        yield Finding(
            "kafka", Verdict.OK, f"cluster {cluster}, {counted(brokers, 'broker')} at {settings.bootstrap_servers}"
        )
        yield judge_version("kafka", admin.version(), load_stack().parts["kafka"].version)
        yield judge_skew("kafka", _seconds_ahead(admin))
        sizing = Sizing(sizes.partitions, sizes.replication, brokers)
        wanted = declared(TOPICS, sizing)
        yield _topics(plan(wanted, admin.shapes([shape.name for shape in wanted]), sizing), len(wanted))


def _topics(todo: Plan, count: int) -> Finding:
    if todo.create:
        seen = f"missing: {', '.join(shape.name for shape in todo.create)}"
        return Finding("topics", Verdict.FAIL, seen, "millrace topics apply")
    if todo.refuse:
        seen = "; ".join(f"{', '.join(refusal.topics)}: {refusal.reason}" for refusal in todo.refuse)
        return Finding("topics", Verdict.FAIL, seen, todo.refuse[0].remedy)
    if todo.change:
        seen = "; ".join(
            f"{change.topic}: {change.setting} is {change.old}, not {change.new}" for change in todo.change
        )
        return Finding("topics", Verdict.WARNING, seen, "millrace topics apply")
    return Finding("topics", Verdict.OK, f"{count} as declared")


def _seconds_ahead(admin: KafkaAdmin) -> float:
    before = datetime.now(UTC)
    theirs = admin.now()
    after = datetime.now(UTC)
    return (theirs - before - (after - before) / 2).total_seconds()
