"""Request ids: short, safe in a URL, ours alone, and good for one customer."""

import base64
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.core.request_ids import CHARACTERS, HASH_BYTES, TAG_BYTES, Claim, NotOurs, RequestIds, tag

IDS = RequestIds("the secret of the tests", "acme")
CLAIM = Claim(tag("topic"), tag("writer"), 3, 4, b"h" * HASH_BYTES)
NOW = int(datetime(2026, 11, 24, tzinfo=UTC).timestamp() * 1000)


def test_it_says_what_was_answered() -> None:
    """Whoever has the secret reads it."""
    issued = RequestIds("the secret of the tests", "acme").read(IDS.issue(CLAIM, NOW))
    assert (issued.claim, issued.milliseconds) == (CLAIM, NOW)


def test_it_is_short_and_safe_in_a_url() -> None:
    """No longer than promised, and no two alike."""
    made = {IDS.issue(CLAIM, NOW) for _ in range(1_000)}
    assert len(made) == 1_000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", one) and len(one) == CHARACTERS < 200 for one in made)


def test_it_begins_with_a_uuid_of_version_7() -> None:
    """RFC 9562: the time, the version, the variant."""
    uuid = base64.urlsafe_b64decode(IDS.issue(CLAIM, NOW))[:16]
    assert int.from_bytes(uuid[:6], "big") == NOW
    assert (uuid[6] >> 4, uuid[8] >> 6) == (7, 0b10)


@pytest.mark.parametrize("place", range(0, CHARACTERS, 3))
def test_a_changed_character_is_a_forgery(place: int) -> None:
    """Wherever it is."""
    made = IDS.issue(CLAIM, NOW)
    other = "A" if made[place] != "A" else "Q"
    with pytest.raises(NotOurs):
        IDS.read(made[:place] + other + made[place + 1 :])


@pytest.mark.parametrize(
    "other", [RequestIds("the secret of the tests", "acme2"), RequestIds("another secret for tests", "acme")]
)
def test_another_customer_s_or_another_secret_s_is_a_forgery(other: RequestIds) -> None:
    """Although it is whole."""
    with pytest.raises(NotOurs):
        other.read(IDS.issue(CLAIM, NOW))


@given(st.text(max_size=300))
def test_anything_else_is_none_of_ours(text: str) -> None:
    """Never another error."""
    with pytest.raises(NotOurs):
        IDS.read(text)


@given(st.binary(min_size=69, max_size=69))
def test_random_bytes_are_none_of_ours(raw: bytes) -> None:
    """Of the right length and alphabet."""
    with pytest.raises(NotOurs):
        IDS.read(base64.urlsafe_b64encode(raw).decode())


def test_a_version_beyond_32_bits_is_written_as_the_largest() -> None:
    """An answer must not fail for it."""
    claim = CLAIM._replace(model_version=2**40)
    assert IDS.read(IDS.issue(claim, NOW)).claim.model_version == 2**32 - 1


def test_tags_tell_names_apart() -> None:
    """Six bytes."""
    assert len(tag("写作")) == TAG_BYTES
    assert tag("writer") != tag("Writer")
