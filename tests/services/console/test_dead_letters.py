"""Tests of reading dead-letter topics on the real broker."""

import random

import pytest

from services.console.core.letters import FOREIGN
from shared.contracts.envelope import Headers
from shared.contracts.topics import RECORD_LIMIT_BYTES
from shared.stream.record import Record
from tests.services.console.harness import Mail

pytestmark = pytest.mark.integration

ODD_HEADERS: Headers = (("x", b"\xff\xfe"), ("é", None), ("x", b""), ("x", b"\xff\xfe"))


def test_letters_come_back_byte_for_byte(mail: Mail) -> None:
    """Binary, a megabyte, no key, no value, headers that are no text: all as they were put, in order."""
    large = random.Random(1).randbytes(RECORD_LIMIT_BYTES - 4_000)
    letters: list[tuple[bytes | None, bytes | None]] = [(b"\xff", b"\x00\xff"), (None, large), (b"", None), (None, b"")]
    mail.post(*((mail.said(), key, value, ODD_HEADERS) for key, value in letters))
    found = mail.dead_letters()
    assert [(one.record.key, one.record.value) for one in found] == letters
    assert {one.record.headers[:4] for one in found} == {ODD_HEADERS}
    assert {one.said for one in found} == {mail.said()}


def test_a_foreign_record_is_read_all_the_same(mail: Mail) -> None:
    """Nothing that lies there can hide behind its form."""
    mail.put((b"k", b"v", (("dlq_topic", b"\xff"),)))
    [letter] = mail.dead_letters()
    assert letter.error == FOREIGN
    assert letter.record.timestamp_ms > 0
    assert letter.record._replace(timestamp_ms=0) == Record(mail.dead, 0, 0, b"k", b"v", (("dlq_topic", b"\xff"),))
