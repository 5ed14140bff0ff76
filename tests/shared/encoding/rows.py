"""Real rows of the demo's site, in both languages and of every kind."""

from pathlib import Path

import msgspec

from shared.datasets.rows import Kind


class RealRow(msgspec.Struct, frozen=True):
    """A row, and the application that it is about."""

    kind: Kind
    language: str
    application: str
    text: str


class _Saved(msgspec.Struct, frozen=True):
    source: str
    licence: str
    rows: tuple[RealRow, ...]


def real_rows() -> tuple[RealRow, ...]:
    """Give 64 of them: 8 of each kind and language."""
    return msgspec.json.decode((Path(__file__).parent / "fixtures" / "rows.json").read_bytes(), type=_Saved).rows
