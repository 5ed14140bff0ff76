"""The deny list: what is on it is denied everywhere soon, nothing is lost between writers, and it names nobody."""

from collections.abc import Callable

import msgspec
import pytest

from shared.io.deny_list import FRESH_SECONDS, KEY, Denied, DenyList
from shared.io.memory import MemoryObjectStore
from shared.io.object_store import DEFAULT_CONTENT_TYPE, ObjectInfo, ObjectStore
from tests.shared.io.racing import WRITERS, race

DOCUMENT = "0123456789abcdef" * 2
OTHER = "fedcba9876543210" * 2


def test_who_is_added_is_denied() -> None:
    """The one who added knows at once; a second addition changes nothing."""
    denying = DenyList(MemoryObjectStore())

    assert denying.denied([DOCUMENT, OTHER]) == frozenset()
    assert denying.add(denying.hash_of(DOCUMENT))
    assert not denying.add(denying.hash_of(DOCUMENT))
    assert denying.denied([DOCUMENT, OTHER]) == {DOCUMENT}


def test_others_know_within_seconds() -> None:
    """A reader asks the store again once what it knows is too old, and not before."""
    store, now = MemoryObjectStore(), [0.0]
    reader = DenyList(store, clock=lambda: now[0])
    before = reader.denied([DOCUMENT])
    writer = DenyList(store)
    writer.add(writer.hash_of(DOCUMENT))
    now[0] = FRESH_SECONDS - 0.1
    still = reader.denied([DOCUMENT])
    now[0] = FRESH_SECONDS

    assert (before, still, reader.denied([DOCUMENT])) == (frozenset[str](), frozenset[str](), frozenset({DOCUMENT}))


def test_the_salt_is_one_for_all_and_for_ever() -> None:
    """Whoever asks for a hash gets the same; in another store it is another."""
    store = MemoryObjectStore()
    hashes = {DenyList(store).hash_of(DOCUMENT) for _ in range(3)}

    assert len(hashes) == 1
    assert len(next(iter(hashes))) == 32
    assert DenyList(MemoryObjectStore()).hash_of(DOCUMENT) not in hashes


def test_the_list_names_nobody() -> None:
    """No id is in it, and its bytes are the same whatever the order of additions."""
    store = MemoryObjectStore()
    denying = DenyList(store)
    for name in (DOCUMENT, OTHER):
        denying.add(denying.hash_of(name))
    data = store.get(KEY)

    assert DOCUMENT.encode() not in data
    assert len(msgspec.json.decode(data, type=Denied).hashes) == 2


def test_a_list_that_is_no_list_is_no_empty_list() -> None:
    """A damaged list stops the work; nobody is let through by mistake."""
    store = MemoryObjectStore()
    store.put(KEY, b"{}")

    with pytest.raises(msgspec.ValidationError):
        DenyList(store).denied([DOCUMENT])


def test_who_is_overtaken_adds_again() -> None:
    """Between its look and its write another wrote: it says that it added only once that is so."""
    store = Overtaken()
    first = DenyList(store)
    hashes = [first.hash_of(DOCUMENT), first.hash_of(OTHER)]
    store.meanwhile = lambda: DenyList(store).add(hashes[1])

    assert first.add(hashes[0])
    assert DenyList(store).denied([DOCUMENT, OTHER]) == {DOCUMENT, OTHER}


def test_no_addition_is_lost() -> None:
    """Of 8 that add at the same moment each is on the list at the end."""
    _race(MemoryObjectStore())


@pytest.mark.integration
def test_no_addition_is_lost_on_a_real_store(s3: ObjectStore) -> None:
    """As above, by real conditional writes; the list is shared by all tests, so it may hold more."""
    _race(s3)


class Overtaken(MemoryObjectStore):
    """A store in which something happens just before the next conditional write."""

    meanwhile: Callable[[], object] | None = None

    def replace(self, key: str, data: bytes, *, if_match: str, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
        """Let it happen, once, and write."""
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            happens()
        return super().replace(key, data, if_match=if_match, content_type=content_type)


def _race(store: ObjectStore) -> None:
    def add(key: str, writer: int) -> bool:
        denying = DenyList(store)
        return denying.add(denying.hash_of(f"{key}/{writer}"))

    assert race(["one"], add) == [[True] * WRITERS]
    names = [f"one/{writer}" for writer in range(WRITERS)]
    assert DenyList(store).denied([*names, "two/0"]) == set(names)
