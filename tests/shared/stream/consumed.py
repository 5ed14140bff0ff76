"""What is read back from a topic, and the headers of what was put on it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from shared.contracts.envelope import Envelope, Headers, from_headers, to_headers
from shared.contracts.failures import DeadLetter
from shared.contracts.failures import from_headers as letter_of
from shared.contracts.message import decode
from tests.shared.stream.numbered.service import NumberedDone


@dataclass(frozen=True)
class Consumed:
    """One record read back."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def envelope(self) -> Envelope:
        """Its envelope."""
        return from_headers(self.headers)

    @property
    def done(self) -> NumberedDone:
        """Its message."""
        return decode(NumberedDone, self.value or b"")

    @property
    def letter(self) -> DeadLetter:
        """What is said of it, where it is a dead letter."""
        return letter_of(self.headers)


def headers(number: int) -> Headers:
    """Give the headers of the numbered message."""
    return to_headers(
        Envelope(
            id=f"id-{number}",
            source="/test",
            type="test.numbered",
            time=datetime(2026, 1, 1, tzinfo=UTC),
            dataschema="numbered-in/v1",
            partitionkey="key",
            traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )
    )
