"""`millrace doctor`: look at everything that Millrace stands on, and say what to do about what is amiss."""

from typing import Annotated, Final

import typer
from rich.text import Text

from services.console import terminal
from services.console.checks import CHECKS
from services.console.core.diagnosis import Finding, Verdict, worst
from services.console.core.topics import counted
from services.console.doctor import examine
from services.console.usage import Command, examples

_STYLES: Final = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.FAIL: "bold red"}


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False) -> None:
    """Check Python, disk, memory, ports, versions, servers, clocks and keys, and say what to do about each.

    Ends with 1 when anything fails; a warning is no failure.
    """
    findings = list(examine(CHECKS))
    if as_json:
        terminal.write_json(findings)
    else:
        terminal.table(("check", "verdict", "seen", "what to do"), map(_row, findings))
    failed = sum(finding.verdict == Verdict.FAIL for finding in findings)
    if worst(findings) == Verdict.FAIL:
        raise terminal.NotDone(f"{counted(failed, 'check')} failed.")


def _row(finding: Finding) -> tuple[object, ...]:
    verdict = Text(finding.verdict, style=_STYLES[finding.verdict])
    return finding.subject, verdict, finding.seen, finding.remedy


COMMAND: Final = Command(
    doctor, examples("millrace doctor", "millrace doctor --json | jq '.[] | select(.verdict != \"ok\")'")
)
