"""`millrace ask`: ask the served model, and tell it what it should have said."""

from typing import Annotated, Final

import msgspec
import typer

from services.console import terminal
from services.console.core.payload import safe_line
from services.console.gateway import gateway
from services.console.usage import Command, examples
from shared.io.gateway_client import Answer, Kept

_LABELS_SHOWN: Final = 3
_WIDTH: Final = 10


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, and what became of the correction, where one was sent."""

    answer: Answer
    correction: Kept | None = None


def ask(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is to be classified.")],
    correct: Annotated[
        str | None, typer.Option("--correct", metavar="LABEL", help="Tell what it should have said, to train on.")
    ] = None,
    consent: Annotated[
        bool, typer.Option("--consent", help="Let the text be kept beside the answer, for traces.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Send a text to the gateway, and show its answer.

    The address is GATEWAY_URL, or the local stack's; the key is GATEWAY_API_KEY, which the local stack has made.
    """
    with gateway() as client:
        answer = client.classify(text, consent=consent)
        kept = None if correct is None else client.correct(answer.request_id, correct, text)
    if as_json:
        terminal.write_json(Asked(answer=answer, correction=kept))
        return
    for label, line in _lines(answer):
        terminal.say(f"{label:{_WIDTH}}{line}")
    if kept is not None:
        terminal.say(f"{'correction':{_WIDTH}} {_fate(kept)}")


COMMAND: Final = Command(
    ask,
    examples(
        "millrace ask 'how do I add up a column'",
        "millrace ask '怎么给图表加标题' --json | jq .answer.label",
        "millrace ask 'rotate the text' --correct calc",
    ),
)


def _lines(answer: Answer) -> list[tuple[str, str]]:
    best = sorted(answer.probabilities.items(), key=lambda item: -item[1])[:_LABELS_SHOWN]
    return [
        ("label", safe_line(answer.label)),
        ("", ", ".join(f"{safe_line(label)} {probability:.2f}" for label, probability in best)),
        ("model", f"{safe_line(answer.model)}, version {answer.model_version}"),
        ("request", safe_line(answer.request_id)),
    ]


def _fate(kept: Kept) -> str:
    if not kept.trains:
        return "kept, and trains nothing: models are judged on its group, or don't learn its language."
    if kept.accepted:
        return "accepted: the next version learns it."
    return "kept, until a person has looked at it: millrace feedback list"
