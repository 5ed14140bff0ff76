"""One dead letter, written out: as lines for a person, or as a record for a script."""

from collections.abc import Iterator

import msgspec

from services.console.core.audit import Standing
from services.console.core.letters import Letter
from services.console.core.payload import NO_VALUE, safe_bytes, safe_line, safe_payload
from services.console.core.topics import counted
from shared.contracts.failures import original_headers

_LABEL_WIDTH = 10


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter for a script: nothing escaped, bytes in base64."""

    topic: str
    partition: int
    offset: int
    origin: str
    error: str
    detail: str
    service: str
    version: str
    failed_at: str
    attempt: int
    standing: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


def card(letter: Letter, standing: Standing | None) -> Card:
    """Give `letter` for a script; what a record that is no dead letter doesn't say is empty."""
    record, said = letter.record, letter.said
    return Card(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        origin=str(said.origin) if said else "",
        error=letter.error,
        detail=said.detail if said else letter.flaw,
        service=letter.service,
        version=said.version if said else "",
        failed_at=said.failed_at.isoformat() if said else "",
        attempt=said.attempt if said else 0,
        standing=str(standing or ""),
        key=record.key,
        value=record.value,
        headers=record.headers,
    )


def written_out(letter: Letter, standing: Standing | None, value_limit: int) -> Iterator[str]:
    """Yield the lines that show `letter` to a person, whatever bytes it holds, the value cut as `safe_payload` does."""
    shown = card(letter, standing)
    yield f"{shown.topic}/{shown.partition}/{shown.offset}"
    yield _line("error", f"{shown.error}: {shown.detail}")
    if letter.said:
        yield _line("service", f"{shown.service} {shown.version}")
        yield _line("failed", f"{letter.said.failed_at:%Y-%m-%d %H:%M:%S %Z}, attempt {shown.attempt}")
        yield _line("origin", shown.origin)
    if standing:
        yield _line("now", shown.standing)
    yield f"  {'key':{_LABEL_WIDTH}}{safe_bytes(shown.key)}"
    # What a dead letter's own headers say has been said above.
    for name, value in original_headers(shown.headers) if letter.said else shown.headers:
        yield f"  {'header':{_LABEL_WIDTH}}{safe_line(name)} = {safe_bytes(value)}"
    if shown.value is None:
        yield f"  {'value':{_LABEL_WIDTH}}{NO_VALUE}"
    else:
        yield f"  {'value':{_LABEL_WIDTH}}{counted(len(shown.value), 'byte')}"
        yield from (f"    {line}" for line in safe_payload(shown.value, value_limit).split("\n"))


def _line(label: str, text: str) -> str:
    return f"  {label:{_LABEL_WIDTH}}{safe_line(text, 2_000)}"
