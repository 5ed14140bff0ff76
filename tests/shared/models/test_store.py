"""Tests of models in a store: one version a run, aliases by compare-and-swap, damage found when fetched."""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from infra.local.servers import Endpoints
from shared.io.memory import MemoryObjectStore
from shared.io.object_store import DEFAULT_CONTENT_TYPE, ObjectInfo
from shared.io.retry import RetryPolicy
from shared.io.s3 import S3ObjectStore
from shared.models.manifest import ModelManifest, file_key, version_key
from shared.models.signing import Untrusted
from shared.models.store import (
    ChampionChanged,
    DamagedFile,
    ModelStore,
    NoPrevious,
    NoSuchModelVersion,
    run_claim_key,
)
from tests.shared.models.builders import AT, RUN, manifest, signer, trust, verdict


@pytest.fixture(params=["memory", pytest.param("s3", marks=pytest.mark.integration)])
def store(request: pytest.FixtureRequest) -> ModelStore:
    """Give an empty model, in memory and on the real store."""
    if request.param == "memory":
        return ModelStore(MemoryObjectStore(), "topic")
    servers: Endpoints = request.getfixturevalue("servers")
    policy = RetryPolicy(total_seconds=20)
    return ModelStore(S3ObjectStore.from_settings(servers.s3, policy), f"topic-{secrets.token_hex(6)}")


def of(store: ModelStore, run: str = RUN) -> ModelManifest:
    """Give a manifest without files that `run` made."""
    return manifest(model=store.model, run=run)


def published(store: ModelStore, count: int) -> list[ModelManifest]:
    """Publish versions of so many runs, and give them."""
    return [store.publish(of(store, f"topic/{number:08d}/ngrams"), signer()) for number in range(1, count + 1)]


def test_a_version_is_read_as_it_was_published(store: ModelStore, tmp_path: Path) -> None:
    """The store names its version; its files come back by their digest."""
    (tmp_path / "head.onnx").write_bytes(b"graph")
    entry = store.put_file(tmp_path / "head.onnx")
    assert store.versions() == []
    made = store.publish(manifest({"head.onnx": entry}, model=store.model, version=77), signer())
    assert (made.version, store.versions()) == (1, [1])
    assert store.read(1, trust()) == made
    paths = store.fetch(made, ["head.onnx"], tmp_path / "cache")
    assert {name: path.read_bytes() for name, path in paths.items()} == {"head.onnx": b"graph"}


def test_what_is_not_there_is_said(store: ModelStore) -> None:
    """An empty model has no version, no alias, no verdict and nothing to roll back to."""
    assert (store.versions(), store.aliases(), store.verdicts(), store.of_run(RUN, trust())) == ([], None, [], None)
    with pytest.raises(NoSuchModelVersion, match="no version 3"):
        store.read(3, trust())
    with pytest.raises(NoSuchModelVersion, match="no version 3"):
        store.promote(3, over=None, verdict="", by="me", reason="", at=AT)
    with pytest.raises(NoPrevious):
        store.rollback(by="me", reason="", at=AT)


def test_a_run_makes_one_version(store: ModelStore) -> None:
    """Whatever it says when it is asked again, and whoever asks."""
    first = store.publish(of(store), signer())
    assert store.publish(msgspec.structs.replace(of(store), recipe="other"), signer(2)) == first
    assert store.publish(of(store, "topic/00000005/ngrams"), signer()).version == 2
    assert store.versions() == [1, 2]
    assert store.of_run(RUN, trust()) == first
    assert store.of_run("topic/00000009/ngrams", trust()) is None


def test_publishers_race(store: ModelStore) -> None:
    """Of many runs at once, each twice, every run gets one version, and no version two runs."""
    runs = [f"topic/{number % 4:08d}/ngrams" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda run: store.publish(of(store, run), signer()), runs))
    assert store.versions() == [1, 2, 3, 4]
    assert {one.run: one for one in made} == {one.run: one for one in (store.read(v, trust()) for v in range(1, 5))}
    assert {(one.run, one.version) for one in made} == {
        (one.run, one.version) for one in (store.read(v, trust()) for v in range(1, 5))
    }


class Interrupted(MemoryObjectStore):
    """A store in which something happens before a key is created."""

    def __init__(self, before: Callable[[str], None]) -> None:
        """Let `before` happen, with the key."""
        super().__init__()
        self.before: Callable[[str], None] | None = before

    def create(self, key: str, data: bytes, *, content_type: str = DEFAULT_CONTENT_TYPE) -> ObjectInfo:
        """Let it happen once, then create."""
        if self.before is not None:
            happens, self.before = self.before, None
            happens(key)
        return super().create(key, data, content_type=content_type)


class Killed(BaseException):
    """What ends a process."""


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_run_whose_version_another_took_claims_the_next(at: int) -> None:
    """Wherever between claim and version the others come: the run and its zombie twin end with one version."""
    others = iter(range(100, 200))

    def intrude(key: str) -> None:
        plain = ModelStore(inner, "topic")
        for _ in range(at):
            plain.publish(of(plain, f"topic/{next(others):08d}/ngrams"), signer())
        if "/versions/" in key:
            plain.publish(of(plain), signer())

    def only_versions(key: str) -> None:
        if "/versions/" in key:
            intrude(key)
        else:
            inner.before = only_versions

    inner = Interrupted(only_versions)
    store = ModelStore(inner, "topic")
    made = store.publish(of(store), signer())
    runs = [store.read(version, trust()).run for version in store.versions()]
    assert runs.count(RUN) == 1
    assert store.read(made.version, trust()) == made
    assert made.version == at + 1


def test_a_kill_before_the_version_is_made_leaves_nothing_to_see(tmp_path: Path) -> None:
    """Files without a manifest, and a claim without a version, are no version; the run goes on where it was."""

    def die(key: str) -> None:
        if "/versions/" in key:
            raise Killed
        inner.before = die

    inner = Interrupted(die)
    store = ModelStore(inner, "topic")
    (tmp_path / "head.onnx").write_bytes(b"graph")
    ready = manifest({"head.onnx": store.put_file(tmp_path / "head.onnx")})
    with pytest.raises(Killed):
        store.publish(ready, signer())
    assert inner.exists(run_claim_key("topic", RUN))
    assert (store.versions(), store.of_run(RUN, trust()), store.aliases()) == ([], None, None)
    assert ModelStore(inner, "topic").publish(of(store, "topic/00000009/ngrams"), signer()).version == 1
    assert store.of_run(RUN, trust()) is None
    assert store.publish(ready, signer()).version == 2


def test_files_come_before_the_manifest_that_names_them(store: ModelStore, tmp_path: Path) -> None:
    """A manifest whose files are not there, or not whole, is not published."""
    (tmp_path / "a.json").write_bytes(b"{}")
    entry = store.put_file(tmp_path / "a.json")
    store.store.put(file_key(store.model, entry.sha256), b"{")
    with pytest.raises(DamagedFile, match=r"a\.json"):
        store.publish(manifest({"a.json": entry}, model=store.model), signer())
    assert store.put_file(tmp_path / "a.json") == entry
    assert store.publish(manifest({"a.json": entry}, model=store.model), signer()).version == 1


def test_another_models_manifest_is_refused(store: ModelStore) -> None:
    """It would be signed for a place that it is not for."""
    with pytest.raises(ValueError, match="of model other"):
        store.publish(manifest(model="other"), signer())


def test_an_envelope_holds_at_its_own_place_only(store: ModelStore) -> None:
    """A signed version that is copied to another number, or another model, is not believed there."""
    published(store, 1)
    envelope = store.envelope(1)
    store.store.put(version_key(store.model, 2), envelope)
    other = ModelStore(store.store, f"{store.model}-other")
    store.store.put(version_key(other.model, 1), envelope)
    for place, version in ((store, 2), (other, 1)):
        with pytest.raises(Untrusted, match=f"version {version} of model {place.model} is not to be trusted"):
            place.read(version, trust())


def test_what_an_unknown_key_signed_is_not_read(store: ModelStore) -> None:
    """Nor what claims to be of a format that we can't judge."""
    published(store, 1)
    with pytest.raises(Untrusted, match=signer().key_id):
        store.read(1, trust(signer(2)))
    assert store.read(1, trust(signer(2), signer())).version == 1
    newer = msgspec.json.encode(msgspec.structs.replace(of(store), version=2, format=2))
    store.store.put(version_key(store.model, 2), signer().sign(newer))
    with pytest.raises(Untrusted, match="format is 2"):
        store.read(2, trust())
    store.store.put(version_key(store.model, 3), signer().sign(b'{"model": 7}'))
    with pytest.raises(Untrusted, match="no manifest"):
        store.read(3, trust())


def test_a_champion_follows_the_one_that_it_was_compared_with(store: ModelStore) -> None:
    """Else the verdict isn't about it; the same promotion asked again is given as it stands."""
    published(store, 3)
    first = store.promote(1, over=None, verdict="a", by="trainer", reason="first", at=AT)
    assert (first.champion, first.previous, first.revision) == (1, None, 1)
    with pytest.raises(ChampionChanged, match="is version 1, not none"):
        store.promote(2, over=None, verdict="b", by="trainer", reason="", at=AT)
    second = store.promote(2, over=1, verdict="c", by="trainer", reason="better", at=AT)
    assert (second.champion, second.previous, second.revision) == (2, 1, 2)
    assert store.promote(2, over=1, verdict="c", by="trainer", reason="again", at=AT) == second
    with pytest.raises(ChampionChanged, match="is version 2, not version 1"):
        store.promote(3, over=1, verdict="d", by="trainer", reason="", at=AT)
    with pytest.raises(ValueError, match="champion already"):
        store.promote(2, over=2, verdict="", by="me", reason="", at=AT)
    assert store.aliases() == second


def test_of_many_promotions_one_wins(store: ModelStore) -> None:
    """By compare-and-swap on the champion, both for the first and for a later one."""
    published(store, 9)

    def promote(version: int, over: int | None) -> bool:
        try:
            store.promote(version, over=over, verdict=str(version), by="trainer", reason="", at=AT)
        except ChampionChanged:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda version: promote(version, None), range(1, 5))).count(True) == 1
        there = store.aliases()
        assert there is not None
        assert list(pool.map(lambda version: promote(version, there.champion), range(5, 10))).count(True) == 1
    after = store.aliases()
    assert after is not None
    assert (after.previous, after.revision) == (there.champion, 2)


def test_a_rollback_goes_back_and_forth(store: ModelStore) -> None:
    """The previous version serves, and the champion is the previous one."""
    published(store, 2)
    store.promote(1, over=None, verdict="a", by="trainer", reason="", at=AT)
    with pytest.raises(NoPrevious):
        store.rollback(by="me", reason="", at=AT)
    store.promote(2, over=1, verdict="b", by="trainer", reason="", at=AT)
    with pytest.raises(ChampionChanged, match="is version 2, not version 1"):
        store.rollback(by="me", reason="", at=AT, over=1)
    back = store.rollback(by="me", reason="worse on questions", at=AT, over=2)
    assert (back.champion, back.previous, back.revision, back.verdict) == (1, 2, 3, "")
    assert store.rollback(by="me", reason="", at=AT).champion == 2


def test_the_verdict_that_came_first_stays(store: ModelStore) -> None:
    """A comparison is made once; all are listed in their order."""
    later = verdict(12, 2)
    assert store.record_verdict(later) == later
    first = verdict(2, None)
    assert store.record_verdict(first) == first
    assert store.record_verdict(verdict(2, None, "keep", reason="other")) == first
    assert store.verdicts() == [first, later]
    assert store.verdict(later.id) == later


def test_a_stray_object_is_no_version() -> None:
    """What has no number of eight digits was not published."""
    store = ModelStore(MemoryObjectStore(), "topic")
    store.store.put("models/topic/versions/notes.txt", b"")
    assert store.versions() == []
