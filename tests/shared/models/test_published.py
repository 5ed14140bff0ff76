"""Tests of what is said of a version that an alias points at."""

import hashlib

import msgspec

from shared.models.aliases import Aliases
from shared.models.published import event_id, published
from tests.shared.models.builders import AT, manifest

ALIASES = Aliases(champion=3, previous=2, revision=4, verdict="v", by="me", reason="better", at=AT)


def test_the_message_names_manifest_and_verdict() -> None:
    """With the digest of the signed bytes, as they lie in the store."""
    said = published(manifest(version=3), ALIASES, b"envelope", "millrace")
    check = said.manifest
    assert (said.version, said.alias, said.previous_version, said.verdict, said.published_at) == (
        3, "champion", 2, "v", AT
    )  # fmt: skip
    assert (check.bucket, check.key, check.length) == ("millrace", "models/topic/versions/00000003.json", 8)
    assert check.sha256 == hashlib.sha256(b"envelope").hexdigest()
    assert said.metrics == manifest().metrics


def test_a_change_of_aliases_is_one_event() -> None:
    """Sent again it has the same id; the next change, and another model's, has another."""
    later = msgspec.structs.replace(ALIASES, revision=5)
    again = msgspec.structs.replace(ALIASES, by="you")
    assert len({event_id("topic", ALIASES), event_id("topic", later), event_id("other", ALIASES)}) == 3
    assert event_id("topic", again) == event_id("topic", ALIASES)
    assert len(event_id("topic", ALIASES)) == 32
