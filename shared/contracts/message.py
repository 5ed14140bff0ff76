"""The base of every message, and the pointer that stands in for a payload too big for Kafka."""

from typing import Any, Final, Generic, TypeVar

import msgspec

INLINE_LIMIT_BYTES: Final = 64 * 1024
"""Text up to this size travels inline; larger text, images and raw HTML go to S3 and travel as a `ClaimCheck`."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """The payload of one record: immutable, compared by value, UTF-8 JSON on the wire.

    A field added later has a default, and a reader ignores fields that it doesn't know, so old records stay readable
    and old readers keep working.
    """

    @property
    def derivation(self) -> tuple[str, int]:
        """Give the operation and the seed that made this message of its parent, to tell apart copies of one parent."""
        return "", 0


class ClaimCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Where a payload lies in S3: the object is written first, the message that names it after.

    `offset` and `length` are bytes within the object; `sha256` is the hex digest of exactly those bytes, before
    `encoding` (`identity`, `gzip` or `zstd`) is undone.
    """

    bucket: str
    key: str
    offset: int
    length: int
    sha256: str
    encoding: str = "identity"


AnyMessage = TypeVar("AnyMessage", bound=Message)

_encoder: Final = msgspec.json.Encoder()


def encode(message: Message) -> bytes:
    """Encode `message` as compact UTF-8 JSON; Chinese text stays three bytes a character, not six."""
    return _encoder.encode(message)


class Decoder(Generic[AnyMessage]):
    """Reads payloads of one message type."""

    def __init__(self, message: type[AnyMessage]) -> None:
        """Read payloads of `message`."""
        self._decoder = msgspec.json.Decoder(message)

    def decode(self, payload: bytes) -> AnyMessage:
        """Read one payload; raises `msgspec.DecodeError`, which is `ValidationError` for JSON of another shape."""
        try:
            return self._decoder.decode(payload)
        except (UnicodeDecodeError, RecursionError) as error:  # msgspec lets both through as they are
            raise msgspec.DecodeError(f"JSON is malformed: {error}") from error


def decoder(message: type[AnyMessage]) -> Decoder[AnyMessage]:
    """Make a decoder of `message`: whatever bytes it is given, it raises `msgspec.DecodeError` or nothing."""
    return Decoder(message)


def decode(message: type[AnyMessage], payload: bytes) -> AnyMessage:
    """Decode one `payload`; raises as `decoder` says. Keep a `decoder` where many are decoded."""
    return Decoder(message).decode(payload)


def json_schema(message: type[Message]) -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of `message`."""
    return msgspec.json.schema(message)
