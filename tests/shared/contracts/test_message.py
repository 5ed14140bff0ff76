"""Tests of how messages are encoded and read."""

import json

import msgspec
import pytest

from shared.contracts.message import ClaimCheck, Message, decode, decoder, encode, json_schema


class Page(Message, frozen=True, kw_only=True):
    """A page."""

    title: str
    words: int = 0
    body: ClaimCheck | None = None


BODY = ClaimCheck(bucket="millrace", key="raw/1.warc.gz", offset=10, length=20, sha256="ab" * 32)


def test_encodes_utf8_without_escapes() -> None:
    """A Chinese character takes three bytes, not six."""
    assert encode(Page(title="电子表格")) == '{"title":"电子表格","words":0,"body":null}'.encode()


@pytest.mark.parametrize("page", [Page(title="Sums"), Page(title="求和 😀\u2028", words=2**63, body=BODY)])
def test_reads_what_it_wrote(page: Page) -> None:
    """A message comes back equal."""
    assert decode(Page, encode(page)) == page


def test_ignores_unknown_fields_and_fills_in_defaults() -> None:
    """A reader takes what older and newer writers sent."""
    payload = b'{"title":"Sums","added_later":{"deep":[1]}}'
    assert decoder(Page).decode(payload) == Page(title="Sums", words=0, body=None)


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b"", msgspec.DecodeError),
        (b"\xff\xfe", msgspec.DecodeError),
        (b'{"title":"Sums"', msgspec.DecodeError),
        (b'{"title":"Su\xffms"}', msgspec.DecodeError),
        (b'{"title":"Sums","added_later":' + b"[" * 100_000, msgspec.DecodeError),
        (b"[]", msgspec.ValidationError),
        (b'{"words":1}', msgspec.ValidationError),
        (b'{"title":null}', msgspec.ValidationError),
        (b'{"title":"Sums","words":"many"}', msgspec.ValidationError),
        (b'{"title":"Sums","body":{"bucket":"b"}}', msgspec.ValidationError),
    ],
)
def test_refuses_what_is_no_message(payload: bytes, error: type[Exception]) -> None:
    """Bytes that are not JSON, or not this message, are named as such."""
    with pytest.raises(error):
        decode(Page, payload)
    with pytest.raises(error):
        decoder(Page).decode(payload)


def test_is_immutable() -> None:
    """A message says what happened; that doesn't change."""
    with pytest.raises(AttributeError):
        Page(title="Sums").title = "Products"  # type: ignore[misc] # what must be refused


def test_has_a_schema_with_its_required_fields() -> None:
    """Only fields without a default are required, and unknown ones are allowed."""
    schema = json_schema(Page)["$defs"]["Page"]
    assert schema["required"] == ["title"]
    assert "additionalProperties" not in schema
    assert json.loads(json.dumps(schema)) == schema


def test_is_made_by_no_operation_unless_it_says_so() -> None:
    """Only augmented copies tell themselves apart by operation and seed."""
    assert Page(title="Sums").derivation == ("", 0)
