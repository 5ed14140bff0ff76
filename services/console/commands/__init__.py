"""The commands of `millrace`, by name: each is a command of its own or a group of them."""

from collections.abc import Mapping
from typing import Final

import typer

from services.console.commands import dlq, doctor, plan, rejected, resume, topics
from services.console.usage import Command

COMMANDS: Final[Mapping[str, typer.Typer | Command]] = {
    "doctor": doctor.COMMAND,
    "plan": plan.COMMAND,
    "rejected": rejected.COMMAND,
    "topics": topics.app,
    "dlq": dlq.app,
    "resume": resume.COMMAND,
}
