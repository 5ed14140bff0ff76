"""Short constructors for the stream tests."""

from shared.contracts.envelope import Headers
from shared.contracts.message import encode
from shared.stream.record import Record
from tests.shared.stream.consumed import headers
from tests.shared.stream.numbered.service import SOURCE, Numbered


def record(
    number: int, fate: str = "", *, partition: int = 0, value: bytes | None = b"", given: Headers | None = None
) -> Record:
    """Make the record of a numbered message, at the offset of its number."""
    payload = encode(Numbered(number=number, fate=fate)) if value == b"" else value
    return Record(SOURCE.name, partition, number, b"key", payload, headers(number) if given is None else given)
