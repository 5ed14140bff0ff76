"""What a crawl says of itself while it runs: lines that a spider writes and the console reads; on no topic."""

from typing import Final, Literal

import msgspec

Verdict = Literal["running", "ok", "unexpected", "stopped", "unpublished", "failed"]
"""How a crawl stands; the last line alone is not `running`."""


class CrawlReport(msgspec.Struct, frozen=True, kw_only=True):
    """One line on the standard output of `python -m spiders`. Seconds are since the start; bytes as received.

    `rejected` counts pages by reason, `skipped` counts links that were not followed.
    """

    source: str
    verdict: Verdict
    why: str
    seconds: float
    pages: int
    bytes: int
    packs: int
    unpublished: int
    fetched: int
    queued: int
    waiting_seconds: float
    rejected: dict[str, int]
    skipped: dict[str, int]

    @property
    def pages_a_second(self) -> float:
        """The mean rate from the start on."""
        return self.pages / self.seconds if self.seconds else 0.0


_decoder: Final = msgspec.json.Decoder(CrawlReport)


def write_report(report: CrawlReport) -> str:
    """Write `report` as one line."""
    return msgspec.json.encode(report).decode() + "\n"


def read_report(line: str | bytes) -> CrawlReport | None:
    """Read one line; None for what is none, such as a warning of the interpreter."""
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None
