"""Tests of aliases: changes that others come between, and a history without a gap; `test_store` has the rest."""

from collections.abc import Callable

import msgspec
import pytest

from shared.io.memory import MemoryObjectStore
from shared.io.object_store import DEFAULT_CONTENT_TYPE, ObjectInfo
from shared.models.alias_store import AliasStore, ChampionChanged, history_key
from shared.models.aliases import Aliases
from tests.shared.models.builders import AT


class Overtaken(MemoryObjectStore):
    """A store in which something happens before the aliases are written."""

    def __init__(self) -> None:
        """Let nothing happen."""
        super().__init__()
        self.before: Callable[[], object] = lambda: None

    def create(self, key: str, data: bytes, *, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
        """Let it happen once, then create."""
        self._happen(key)
        return super().create(key, data, content_type=content_type)

    def replace(self, key: str, data: bytes, *, if_match: str, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
        """Let it happen once, then replace."""
        self._happen(key)
        return super().replace(key, data, if_match=if_match, content_type=content_type)

    def _happen(self, key: str) -> None:
        if key.endswith("aliases.json"):
            before, self.before = self.before, lambda: None
            before()


@pytest.fixture
def objects() -> Overtaken:
    """Give an empty store."""
    return Overtaken()


@pytest.fixture
def aliases(objects: Overtaken) -> AliasStore:
    """Give a model without aliases."""
    return AliasStore(objects, "topic")


def wanted(champion: int, over: int | None, verdict: str = "") -> Aliases:
    """Say which version shall follow which."""
    return Aliases(champion=champion, previous=over, verdict=verdict, by="trainer", reason=f"{champion}", at=AT)


@pytest.mark.parametrize("over", [None, 1])
def test_whoever_comes_between_wins(over: int | None, aliases: AliasStore, objects: Overtaken) -> None:
    """For the first champion, and for a later one."""
    if over is not None:
        aliases.promote(wanted(over, None))
    objects.before = lambda: aliases.promote(wanted(7, over))
    with pytest.raises(ChampionChanged, match="is version 7"):
        aliases.promote(wanted(8, over))
    there = aliases.read()
    assert there is not None
    assert (there.champion, there.previous) == (7, over)


def test_the_same_promotion_twice_at_once_is_one_change(aliases: AliasStore, objects: Overtaken) -> None:
    """A zombie and its successor say the same: it is done once, and both are told so."""
    objects.before = lambda: aliases.promote(wanted(7, None, "v"))
    assert aliases.promote(wanted(7, None, "v")).revision == 1
    assert len(aliases.history()) == 1


def test_a_rollback_loses_against_whoever_comes_between(aliases: AliasStore, objects: Overtaken) -> None:
    """It is not done on another champion than the one that a person saw."""
    aliases.promote(wanted(1, None))
    aliases.promote(wanted(2, 1))
    objects.before = lambda: aliases.promote(wanted(3, 2))
    with pytest.raises(ChampionChanged, match="at the same moment"):
        aliases.rollback(2, "me", "", AT)
    assert [one.champion for one in aliases.history()] == [1, 2, 3]


def test_the_history_tells_every_change(aliases: AliasStore, objects: Overtaken) -> None:
    """Who, why and when, whoever was killed between the record and the change."""
    assert aliases.history() == []
    made = [aliases.promote(wanted(1, None)), aliases.promote(wanted(2, 1)), aliases.rollback(None, "me", "bad", AT)]

    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    objects.before = die
    with pytest.raises(Killed):
        aliases.promote(wanted(5, 1))
    assert objects.exists(history_key("topic", 3))
    assert aliases.history() == made
    made.append(aliases.promote(wanted(4, 1)))
    assert aliases.history() == made
    objects.delete(history_key("topic", 1))
    assert aliases.history() == made[1:]
    objects.create(history_key("topic", 1), msgspec.json.encode(made[0]))
    assert [(one.champion, one.previous, one.by) for one in made] == [
        (1, None, "trainer"), (2, 1, "trainer"), (1, 2, "me"), (4, 1, "trainer")
    ]  # fmt: skip
