"""Tests of one dead letter written out."""

import msgspec

from services.console.core.audit import Standing
from services.console.core.card import Card, card, written_out
from services.console.core.letters import read_letter
from shared.contracts.failures import to_headers
from tests.services.console.builders import begun, letter, record, said

STANDING = Standing(0, begun((7, 7)), True)


def test_a_letter_is_written_out_for_a_person() -> None:
    """What failed, where it comes from and what it holds, and nothing that a terminal would obey."""
    dead = letter(7, said(detail="bad \x1b[2J"), (("ce_id", b"\xff"), ("x", None)), '{"t":"标"}'.encode())
    assert list(written_out(dead, STANDING, 100)) == [
        "documents-raw-dlq/0/7",
        r"  error     ValueError: bad \x1b[2J",
        "  service   cleaner 0.1.0",
        "  failed    2026-11-24 12:00:00 UTC, attempt 1",
        "  origin    documents-raw/3/42",
        "  now       replayed by anna@desk-1 at 2026-11-24 12:00:00 UTC (#0)",
        "  key       key",
        "  header    ce_id = 0xff",
        "  header    x = (none)",
        "  value     11 bytes",
        "    {",
        '      "t": "标"',
        "    }",
    ]


def test_a_foreign_record_is_written_out_with_all_its_headers() -> None:
    """What is wrong with it is to be seen in them."""
    foreign = read_letter(record(1, (("dlq_topic", b"x"),), key=None, value=None))
    assert list(written_out(foreign, None, 100)) == [
        "documents-raw-dlq/0/1",
        "  error     NotADeadLetter: not a dead letter: KeyError('partition')",
        "  key       (none)",
        "  header    dlq_topic = x",
        "  value     (none)",
    ]


def test_a_card_keeps_every_byte() -> None:
    """A script gets what the record holds, not what a terminal may show."""
    headers = (("x", b"\xff"), ("x", None))
    dead = read_letter(record(1, to_headers(said(), headers), key=None, value=b"\x00\xff"))
    sent = msgspec.json.decode(msgspec.json.encode(card(dead, STANDING)), type=Card)
    assert (sent.key, sent.value, sent.headers[:2]) == (None, b"\x00\xff", headers)
    assert (sent.origin, sent.attempt, sent.standing) == ("documents-raw/3/42", 1, str(STANDING))
