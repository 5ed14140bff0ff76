"""A chain is written out from the answer to the page; what strangers wrote in it moves no cursor."""

import base64
from datetime import UTC, datetime

import msgspec
import pytest

from services.console.core.chain import Chain, Unlearnt, issued_at, written_out
from services.gateway.core.request_ids import Claim, RequestIds
from tests.services.console.chains import CHAIN, request_id
from tests.services.console.memory_topics import AT


def told(chain: Chain) -> str:
    """Write it out as one text."""
    return "\n".join(written_out(chain))


def test_an_id_says_when_it_was_made() -> None:
    """To the millisecond."""
    at = datetime(2026, 11, 24, 12, 0, 0, 123_000, tzinfo=UTC)
    assert issued_at(request_id(at)) == at


@pytest.mark.parametrize("text", ["", "f" * 32, "http://site.example/", "a" * 92, "a" * 91 + "=", request_id(AT)[:-1]])
def test_what_is_no_request_id_is_known(text: str) -> None:
    """A document's id and an address are none."""
    assert issued_at(text) is None


def test_a_time_beyond_all_calendars_is_nobody_s() -> None:
    """Somebody made the id up."""
    assert issued_at(base64.urlsafe_b64encode(b"\xff" * 6 + b"\x70\x00\x80" + b"x" * 60).decode()) is None


def test_the_gateway_s_ids_are_read() -> None:
    """Whatever else they say."""
    claim = Claim(b"m" * 6, b"l" * 6, 3, 7, b"h" * 16)
    assert issued_at(RequestIds("secret", "customer").issue(claim, 1_790_000_000_123)) == datetime(
        2026, 9, 21, 14, 13, 20, 123_000, tzinfo=UTC
    )


def test_the_whole_chain_is_written_out() -> None:
    """In its order, with everything that one needs to look further."""
    assert told(CHAIN).splitlines() == [
        "answer      “rotate it” is writer",
        "            writer 0.60, calc 0.30, draw 0.07",
        "            2026-01-02 00:00:00 UTC, to default, in 1.5 ms  [predictions-recorded/1@7]",
        "model       application, version 2: ngrams-e5, of 900 rows, 2026-01-02 00:00:00 UTC",
        "            run application/support-router/00000003/ngrams-e5, signed by 0123456789abcdef",
        "gate        promote: better on short texts",
        "dataset     site, version 3: 1,000 rows, 900 to train on, in 2 shards",
        "rows        of 120 rows with the label writer, the nearest 1:",
        "  0.42      heading “Rotating Text”",
        "            row 0a0a in datasets/site/shards/aa.parquet",
        "            document 0d0d, http://site.example/rotate",
        "page        http://site.example/rotate",
        "            document 0d0d, fetched 2026-01-02 00:00:00 UTC by site, licence MPL-2.0",
        "pack        raw/site/pack.warc.gz  bytes 100 to 149",
        "feedback    calc, as row 0b0b: train, live",
        "            in dataset version 4 and later, learnt by model version 3, 4 (champion)",
    ]


def test_what_is_missing_is_said() -> None:
    """A text that was not kept, a pack that was erased, a version that is gone, a correction that nobody learnt yet."""
    assert CHAIN.page is not None
    page = msgspec.structs.replace(CHAIN.page, is_there=False)
    learnt = msgspec.structs.replace(CHAIN.learnt[0], dataset_version=None, models=())
    chain = msgspec.structs.replace(
        CHAIN,
        prediction=msgspec.structs.replace(CHAIN.prediction, text=None),
        model=None,
        rows=(),
        page=page,
        learnt=(learnt,),
        unread="the text was not kept",
        gone=("model application has no version 2.",),
    )
    text = told(chain)
    assert "a text that was not kept is writer" in text
    assert "bytes 100 to 149: GONE" in text
    assert "in no version yet that is ready to train on" in text
    assert "GONE        model application has no version 2." in text
    assert "model  " not in text


def test_a_correction_that_is_not_for_training_is_said_to_judge() -> None:
    """None learns it, so none is named."""
    learnt = msgspec.structs.replace(CHAIN.learnt[0], split="test", models=())
    assert told(msgspec.structs.replace(CHAIN, learnt=(learnt,))).splitlines()[-2:] == [
        "feedback    calc, as row 0b0b: test, live",
        "            in dataset version 4 and later: models are judged by it, and none learns it",
    ]


@pytest.mark.parametrize(
    ("kind", "label", "why", "line"),
    [
        ("correction", "calc", "not-accepted", "calc, no row: nobody has accepted it (millrace feedback list)"),
        ("label", "calc", "unknown-language", "calc, no row: its task doesn't learn its language"),
        ("thumb-up", None, "thumb", "thumb-up, no row: it only praises or blames"),
        ("correction", "calc", "", "calc, no row yet: the dataset builder makes one, unless no page has the label"),
    ],
)
def test_a_word_that_made_no_row_says_why(kind: str, label: str | None, why: str, line: str) -> None:
    """With what can be done about it."""
    chain = msgspec.structs.replace(CHAIN, learnt=(), unlearnt=(Unlearnt(kind=kind, label=label, why=why),))
    assert told(chain).splitlines()[-1] == f"feedback    {line}"


@pytest.mark.parametrize(
    ("taught", "line"),
    [
        (120, "none of 120 rows with the label writer shares a few letters with the text, so no page is shown"),
        (0, "none has the label writer any more"),
    ],
)
def test_where_no_row_is_near_it_is_said(taught: int, line: str) -> None:
    """A short question may share nothing with any of them."""
    chain = msgspec.structs.replace(CHAIN, taught=taught, rows=(), page=None)
    assert f"rows        {line}" in told(chain).splitlines()


def test_a_hostile_text_is_harmless() -> None:
    """It is a customer's."""
    prediction = msgspec.structs.replace(CHAIN.prediction, text="x\x1b[2J" + "y" * 5_000)
    text = told(msgspec.structs.replace(CHAIN, prediction=prediction))
    assert "\x1b" not in text
    assert len(text) < 3_000
