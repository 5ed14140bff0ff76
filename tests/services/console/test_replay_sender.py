"""Tests of sending replays to the real broker."""

import random

import pytest

from services.console.core.letters import Replay
from services.console.replay_sender import ReplaySender
from shared.contracts.envelope import Headers
from shared.contracts.topics import RECORD_LIMIT_BYTES
from shared.io.outage import Outage
from shared.settings import KafkaSettings
from tests.services.console.harness import Mail

pytestmark = pytest.mark.integration

ODD_HEADERS: Headers = (("x", b"\xff\xfe"), ("é", None), ("x", b""), ("x", b"\xff\xfe"))


def test_a_replay_arrives_byte_for_byte(mail: Mail) -> None:
    """Key, value and headers, whatever they hold or lack."""
    large = random.Random(1).randbytes(RECORD_LIMIT_BYTES - 4_000)
    sent = [(b"\xff", b"\x00\xff"), (None, large), (b"key", None), (b"", b"")]
    replays = [Replay(mail.topic, key, value, ODD_HEADERS) for key, value in sent]
    assert ReplaySender(mail.kafka).send(replays) == ["", "", "", ""]
    arrived = {(one.key, one.value, one.headers) for one in mail.arrived()}
    assert arrived == {(key, value, ODD_HEADERS) for key, value in sent}


def test_replays_of_one_key_keep_their_order(mail: Mail) -> None:
    """The latest stays the latest."""
    replays = [Replay(mail.topic, b"key", b"%03d" % number, ()) for number in range(200)]
    assert set(ReplaySender(mail.kafka).send(replays)) == {""}
    by_offset = sorted(mail.arrived(), key=lambda one: one.offset)
    assert [one.value for one in by_offset] == [replay.value for replay in replays]


def test_what_the_broker_refuses_holds_up_no_other(mail: Mail) -> None:
    """A record that is too large for the topic fails alone, and the reason is told."""
    too_large = random.Random(1).randbytes(RECORD_LIMIT_BYTES + 1_000)
    values = [b"a", too_large, b"b", too_large, b"c"]
    whys = ReplaySender(mail.kafka).send([Replay(mail.topic, b"key", value, ()) for value in values])
    assert [why == "" for why in whys] == [True, False, True, False, True]
    assert "MessageSizeTooLarge" in whys[1]
    assert {one.value for one in mail.arrived()} == {b"a", b"b", b"c"}


def test_a_broker_that_is_away_is_an_outage() -> None:
    """The message names its address."""
    sender = ReplaySender(KafkaSettings(bootstrap_servers="127.0.0.1:1"))
    with pytest.raises(Outage, match=r"127\.0\.0\.1:1"):
        sender.send([Replay("any", b"k", b"v", ())])
