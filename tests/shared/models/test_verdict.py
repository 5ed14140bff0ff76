"""Tests of what a verdict is, and what it is called."""

import msgspec

from shared.io.object_store import require_key
from shared.models.verdict import Verdict, verdict_id, verdict_key
from tests.shared.models.builders import verdict


def test_a_verdict_comes_back_with_every_number() -> None:
    """Those without an interval as well."""
    made = verdict(3, 2, "keep")
    assert msgspec.json.decode(msgspec.json.encode(made), type=Verdict) == made


def test_a_comparison_has_one_name() -> None:
    """Of candidate and champion, none being 0; named so, they are listed by candidate, then champion."""
    names = [verdict_id(*pair) for pair in ((1, None), (2, 1), (10, 1), (10, 2))]
    assert names == sorted(set(names))
    assert names[:2] == ["00000001-over-00000000", "00000002-over-00000001"]
    require_key(verdict_key("topic", names[0]))
