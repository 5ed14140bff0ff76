"""Tests of what aliases are; `test_alias_store` has what is done with them."""

import msgspec
import pytest

from shared.io.object_store import require_key
from shared.models.aliases import Aliases, aliases_key
from tests.shared.models.builders import AT


def test_aliases_come_back_as_they_were() -> None:
    """With who changed them, when and why."""
    made = Aliases(champion=2, previous=1, revision=3, verdict="v", by="anna@desk", reason="更好", at=AT)
    assert msgspec.json.decode(msgspec.json.encode(made), type=Aliases) == made
    require_key(aliases_key("topic"))


def test_a_moment_without_its_time_zone_is_refused() -> None:
    """Each machine would read another one."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"champion":1,"by":"a","reason":"","at":"2026-11-24T09:00:00"}', type=Aliases)
