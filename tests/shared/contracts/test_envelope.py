"""Tests of the CloudEvents envelope in record headers."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.envelope import Envelope, Headers, MalformedEnvelope, Origin, from_headers, to_headers

ENVELOPE = Envelope(
    id="64a23adbece7992d41bf3aaee4862ebf2f2a63a543eb662d4d7b06904b2acc35",
    source="/millrace/cleaner",
    type="millrace.documents.clean",
    time=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    dataschema="millrace:documents-clean/v1",
    partitionkey="b26bbd9afe2ddb549ed0041d60176bbe",
    origin=Origin("documents-raw", 3, 4711),
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)
GOLDEN: Headers = (
    ("ce_specversion", b"1.0"),
    ("ce_id", b"64a23adbece7992d41bf3aaee4862ebf2f2a63a543eb662d4d7b06904b2acc35"),
    ("ce_source", b"/millrace/cleaner"),
    ("ce_type", b"millrace.documents.clean"),
    ("ce_time", b"2026-01-02T03:04:05.678901Z"),
    ("ce_dataschema", b"millrace:documents-clean/v1"),
    ("ce_partitionkey", b"b26bbd9afe2ddb549ed0041d60176bbe"),
    ("content-type", b"application/json; charset=utf-8"),
    ("ce_origin", b"documents-raw/3/4711"),
    ("traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
)

words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
origins = st.builds(
    Origin,
    st.text("abcXYZ019._-", min_size=1, max_size=249),
    st.integers(0, 2**31 - 1),
    st.integers(0, 2**63 - 1),
)
envelopes = st.builds(
    Envelope,
    id=words,
    source=words,
    type=words,
    time=st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))]), min_value=datetime(1970, 1, 2)),  # noqa: DTZ001 - hypothesis adds the zone
    dataschema=words,
    partitionkey=words,
    origin=st.none() | origins,
    traceparent=st.none() | words,
)


def test_writes_the_headers_that_are_agreed() -> None:
    """Header for header, in their order."""
    assert to_headers(ENVELOPE) == GOLDEN


def test_leaves_out_what_is_absent() -> None:
    """The head of a flow has no origin, and a trace is not always there."""
    head = msgspec.structs.replace(ENVELOPE, origin=None, traceparent=None)
    assert to_headers(head) == GOLDEN[:-2]


@given(envelopes)
@settings(derandomize=True, deadline=None)
def test_reads_what_it_wrote(envelope: Envelope) -> None:
    """Every envelope that can be written comes back equal."""
    assert from_headers(to_headers(envelope)) == envelope


def test_ignores_foreign_headers_whatever_they_hold() -> None:
    """Others may add headers: not ours to judge, neither in encoding nor when null."""
    foreign: Headers = (("x-binary", b"\xff\xfe"), ("x-null", None), ("traceparent", None))
    headers = (*GOLDEN[:-1], *foreign)
    assert from_headers(headers) == msgspec.structs.replace(ENVELOPE, traceparent=None)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("ce_specversion", b"0.3", "ce_specversion is '0.3', not '1.0'"),
        ("ce_id", b"", "header ce_id is missing"),
        ("ce_id", None, "header ce_id is missing"),
        ("ce_source", b"\xff", "header ce_source is not UTF-8"),
        ("ce_time", b"yesterday", "ce_time is not RFC 3339"),
        ("ce_time", b"2026-01-02T03:04:05", "has no time zone"),
        ("ce_origin", b"documents-raw/3", "is not topic/partition/offset"),
    ],
)
def test_names_what_is_wrong_with_a_header(name: str, value: bytes | None, why: str) -> None:
    """Whoever looks at the dead letter sees which header it was."""
    headers = tuple((key, value if key == name else kept) for key, kept in GOLDEN)
    with pytest.raises(MalformedEnvelope, match=why):
        from_headers(headers)


@pytest.mark.parametrize("name", [name for name, _ in GOLDEN if name.startswith("ce_") and name != "ce_origin"])
def test_refuses_to_read_an_event_without_an_attribute(name: str) -> None:
    """Every attribute but the origin is needed."""
    with pytest.raises(MalformedEnvelope, match=f"header {name} is missing"):
        from_headers(header for header in GOLDEN if header[0] != name)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"id": "", "partitionkey": ""}, "empty: ce_id, ce_partitionkey"),
        ({"traceparent": ""}, "empty: traceparent"),
        ({"time": datetime(2026, 1, 2)}, "ce_time: .* has no time zone"),  # noqa: DTZ001 - what must be refused
    ],
)
def test_refuses_to_write_what_no_reader_would_take(change: dict[str, object], why: str) -> None:
    """The fault shows where it is made, not in the next service."""
    with pytest.raises(MalformedEnvelope, match=why):
        to_headers(msgspec.structs.replace(ENVELOPE, **change))


@pytest.mark.parametrize(
    "text",
    ["", "t", "t/1", "t//1", "/1/2", "t/1/2/3", "t/-1/2", "t/1/2 ", "t/1/٣", "t t/1/2", "t/1/2\n", f"t/1/{'9' * 5000}"],
)
def test_refuses_an_origin_that_is_none(text: str) -> None:
    """Only what `str` writes is read."""
    with pytest.raises(MalformedEnvelope, match="is not topic/partition/offset"):
        Origin.parse(text)
