"""The commands of `millrace`, by name: each is a command of its own or a group of them."""

from collections.abc import Mapping
from typing import Final

import typer

from services.console.commands import (
    ask,
    crawl,
    datasets,
    dlq,
    doctor,
    feedback,
    forget,
    ingest,
    keys,
    models,
    plan,
    rejected,
    resume,
    topics,
    trace,
)
from services.console.usage import Command

COMMANDS: Final[Mapping[str, typer.Typer | Command]] = {
    "doctor": doctor.COMMAND,
    "plan": plan.COMMAND,
    "ingest": ingest.COMMAND,
    "crawl": crawl.COMMAND,
    "rejected": rejected.COMMAND,
    "topics": topics.app,
    "dlq": dlq.app,
    "datasets": datasets.app,
    "models": models.app,
    "keys": keys.app,
    "ask": ask.COMMAND,
    "feedback": feedback.app,
    "trace": trace.COMMAND,
    "forget": forget.COMMAND,
    "resume": resume.COMMAND,
}
