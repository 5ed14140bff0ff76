"""What every duplicate index does, in memory or on a server; how the one on Valkey stands losses and bad networks."""

import random
import secrets
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta

import pytest
from pydantic import SecretStr

from infra.local.servers import Endpoints
from shared.io.duplicate_index import DuplicateIndex, IndexLost, Judged, ValkeyDuplicateIndex, Verdict
from shared.io.memory_duplicate_index import MemoryDuplicateIndex
from shared.settings import CacheSettings
from tests.conftest import StartServers
from tests.fault_proxy import Fault, FaultProxy
from tests.shared.io.conftest import POLICY
from tests.shared.io.planted import AT, SIMILARITY, Text, changed, document, texts
from tests.shared.io.racing import race

TTL_SECONDS = 30.0


@pytest.fixture
def chance() -> random.Random:
    """Give chance that is the same in every run."""
    return random.Random(3)


@pytest.fixture
def valkey_index(servers: Endpoints) -> Iterator[ValkeyDuplicateIndex]:
    """Give a whole index of its own on the real cache."""
    with closing(_connect(servers.cache)) as index:
        make_whole(index)
        yield index


@pytest.fixture(params=["memory", pytest.param("valkey", marks=pytest.mark.integration)])
def index(request: pytest.FixtureRequest) -> DuplicateIndex:
    """Give every index in turn."""
    return MemoryDuplicateIndex() if request.param == "memory" else request.getfixturevalue("valkey_index")


def test_a_text_that_is_like_no_other(index: DuplicateIndex, chance: random.Random) -> None:
    """It has no verdict, and neither has the next."""
    assert index.judge([document("1", words) for words in texts(chance, 1)], SIMILARITY) == [Verdict()]
    assert index.judge([document("2", words) for words in texts(chance, 1)], SIMILARITY) == [Verdict()]


def test_nothing_is_asked(index: DuplicateIndex) -> None:
    """No candidate, no verdict."""
    assert index.judge([], SIMILARITY) == []


def test_the_same_text_is_the_firsts(index: DuplicateIndex, chance: random.Random) -> None:
    """A document with another's text is told whose it is, by the whole id; also within one call."""
    [words] = texts(chance, 1)
    first, second, third = (document(name, words) for name in "123")

    assert index.judge([first, second], SIMILARITY) == [Verdict(), Verdict(duplicate_of=first.document_id)]
    assert index.judge([third], SIMILARITY) == [Verdict(duplicate_of=first.document_id)]


def test_nearly_the_same_text_joins_the_cluster(index: DuplicateIndex, chance: random.Random) -> None:
    """A document like another is in its cluster, with how alike they are; one like the second is in the first's."""
    [words] = texts(chance, 1)
    first, second = document("1", words), document("2", changed(words, 50))
    third = document("3", changed(changed(words, 50), 20, 120))
    [one, other, last] = index.judge([first, second, third], SIMILARITY)

    assert one == Verdict()
    assert other.cluster_id == last.cluster_id == first.document_id[:16]
    assert not other.duplicate_of
    assert 0.9 <= other.similarity < 1


def test_what_is_less_alike_is_not_alike(index: DuplicateIndex, chance: random.Random) -> None:
    """A threshold is a threshold: the same pair is in one cluster at .5 and in two at .95."""
    for similarity, together in ((0.5, True), (0.95, False)):
        [words] = texts(chance, 1)
        other = changed(words, 10, 60, 110)
        found = index.judge([document("1", words), document("2", other)], similarity)[1].cluster_id
        assert bool(found) is together
        assert index.forget(document("1", words).document_id)
        assert index.forget(document("2", other).document_id)


def test_a_replay_is_no_duplicate_of_itself(index: DuplicateIndex, chance: random.Random) -> None:
    """Whoever has joined since: each document that comes again, in any order, has the verdict that it had."""
    originals = texts(chance, 20)
    documents = [document(f"{number}", words) for number, words in enumerate(originals)]
    documents += [document(f"same {number}", words) for number, words in enumerate(originals[:8])]
    documents += [document(f"near {number}", changed(words, 3)) for number, words in enumerate(originals[4:12])]
    first = dict(zip(documents, index.judge(documents, SIMILARITY), strict=True))

    for _ in range(3):
        chance.shuffle(documents)
        assert dict(zip(documents, index.judge(documents, SIMILARITY), strict=True)) == first


def test_another_text_is_judged_anew(index: DuplicateIndex, chance: random.Random) -> None:
    """A recrawl that says something else frees what the document had claimed: text, bands, and its cluster's name."""
    old, new = texts(chance, 2)
    first, member = document("1", old), document("2", changed(old, 50))
    index.judge([first, member], SIMILARITY)
    again = document("1", new)
    [moved] = index.judge([again], SIMILARITY)

    assert moved.cluster_id not in ("", first.document_id[:16])
    assert moved.similarity == 1.0
    assert index.judge([again, member], SIMILARITY)[0] == moved
    assert index.judge([document("3", old)], SIMILARITY)[0].cluster_id == first.document_id[:16]
    assert index.judge([document("4", changed(new, 50))], SIMILARITY)[0].cluster_id == moved.cluster_id


def test_an_older_edition_takes_no_newer_ones_place(index: DuplicateIndex, chance: random.Random) -> None:
    """A dead letter that is sent again late is looked up and registers nothing; the newer text stays registered."""
    old, new = texts(chance, 2)
    later = AT + timedelta(hours=1)
    index.judge([document("1", old)], SIMILARITY)
    [moved] = index.judge([document("1", new, later)], SIMILARITY)

    assert index.judge([document("1", old)], SIMILARITY) == [Verdict()]
    assert index.judge([document("2", old)], SIMILARITY) == [Verdict()]
    assert index.judge([document("3", new)], SIMILARITY) == [Verdict(duplicate_of=document("1", new).document_id)]
    assert index.judge([document("1", old)], SIMILARITY) == [Verdict(duplicate_of=document("2", old).document_id)]
    assert index.judge([document("1", new, later)], SIMILARITY) == [moved]


def test_a_recrawl_without_news_makes_an_edition_newer(index: DuplicateIndex, chance: random.Random) -> None:
    """What was fetched in between, and comes late, is older than what was seen to be the same still."""
    same, between = texts(chance, 2)
    for hours in (0, 2):
        assert index.judge([document("1", same, AT + timedelta(hours=hours))], SIMILARITY) == [Verdict()]
    index.judge([document("1", between, AT + timedelta(hours=1))], SIMILARITY)

    assert index.judge([document("2", same)], SIMILARITY)[0].duplicate_of
    assert index.judge([document("3", between)], SIMILARITY) == [Verdict()]


def test_a_forgotten_document_is_found_by_nobody(index: DuplicateIndex, chance: random.Random) -> None:
    """Its text and its likeness are free, for others too; who had joined it is still there to be found."""
    [words] = texts(chance, 1)
    first, member = document("1", words), document("2", changed(words, 50))
    index.judge([first], SIMILARITY)

    assert index.holds(first.document_id)
    assert index.forget(first.document_id)
    assert not index.holds(first.document_id)
    assert not index.forget(first.document_id)
    assert index.judge([member], SIMILARITY) == [Verdict()]
    assert index.judge([document("3", words)], SIMILARITY)[0].cluster_id == member.document_id[:16]


def test_more_members_than_a_band_holds(index: DuplicateIndex, chance: random.Random) -> None:
    """Of 30 alike, all are in the first's cluster, and still are found when the first 5 are forgotten."""
    [words] = texts(chance, 1)
    documents = [document(f"{number}", changed(words, number * 6)) for number in range(30)]
    verdicts = index.judge(documents, SIMILARITY)
    cluster = documents[0].document_id[:16]

    assert [verdict.cluster_id for verdict in verdicts] == ["", *[cluster] * 29]
    assert all(index.forget(one.document_id) for one in documents[:5])
    assert index.judge([document("new", words)], SIMILARITY)[0].cluster_id == cluster


def test_exactly_one_of_two_is_the_duplicate(index: DuplicateIndex, chance: random.Random) -> None:
    """Of 8 that judge alike texts at the same moment, one is like no other, in each of 100 rounds."""
    rounds = {f"{number}": words for number, words in enumerate(texts(chance, 100))}

    def judge(name: str, writer: int) -> str | None:
        words = changed(rounds[name], writer * 20)
        [verdict] = index.judge([document(f"{name}/{writer}", words)], SIMILARITY)
        return name if verdict == Verdict() else None

    assert race(list(rounds), judge) == [[name] for name in rounds]


def test_an_index_that_is_not_whole_gives_no_verdict(index: DuplicateIndex, chance: random.Random) -> None:
    """What was restored comes back with its verdicts, and only once the index is declared whole."""
    [words, other] = texts(chance, 2)
    documents = [document("1", words), document("2", changed(words, 50)), document("3", other)]
    verdicts = index.judge(documents, SIMILARITY)
    lose(index)

    assert not index.complete()
    with pytest.raises(IndexLost):
        index.judge(documents, SIMILARITY)
    assert index.begin_rebuild("mine", TTL_SECONDS)
    assert not index.begin_rebuild("theirs", TTL_SECONDS)
    assert index.begin_rebuild("mine", TTL_SECONDS)
    assert index.renew_rebuild("mine", TTL_SECONDS)
    assert not index.renew_rebuild("theirs", TTL_SECONDS)
    index.restore([_judged(*pair) for pair in zip(documents, verdicts, strict=True)])
    assert not index.finish_rebuild("theirs")
    with pytest.raises(IndexLost):
        index.judge(documents, SIMILARITY)
    assert index.finish_rebuild("mine")
    assert index.complete()
    assert index.judge([*reversed(documents)], SIMILARITY) == [*reversed(verdicts)]
    assert index.judge([document("4", other)], SIMILARITY) == [Verdict(duplicate_of=documents[2].document_id)]
    assert index.judge([document("5", changed(words, 50, 120))], SIMILARITY)[0].cluster_id == verdicts[1].cluster_id


def test_what_is_registered_is_not_restored_over(index: DuplicateIndex, chance: random.Random) -> None:
    """A row of an older edition changes nothing about a document that has been judged since."""
    old, new = texts(chance, 2)
    index.judge([document("1", new)], SIMILARITY)
    index.restore([_judged(document("1", old), Verdict())])

    assert index.judge([document("1", new)], SIMILARITY) == [Verdict()]
    assert index.judge([document("2", old)], SIMILARITY) == [Verdict()]


@pytest.mark.integration
@pytest.mark.parametrize("fault", [Fault.RESET, Fault.LOSE_ANSWER, Fault.CUT_ANSWER])
def test_a_lost_answer_changes_no_verdict(servers: Endpoints, chance: random.Random, fault: Fault) -> None:
    """What was judged, and is asked again because the answer was lost, is judged as it was."""
    [words] = texts(chance, 1)
    pair = [document("1", words), document("2", changed(words, 50))]
    url = servers.cache.url.get_secret_value()
    user, _, address = url.partition("://")[2].rpartition("@")
    with FaultProxy(address.partition("/")[0]) as proxy:
        far = CacheSettings(url=SecretStr(f"redis://{user}@{proxy.address}/{address.partition('/')[2]}"))
        with closing(_connect(far)) as index:
            make_whole(index)
            proxy.order(fault)
            verdicts = index.judge(pair, SIMILARITY)

            assert [bool(verdict.cluster_id) for verdict in verdicts] == [False, True]
            assert index.judge(pair, SIMILARITY) == verdicts


@pytest.mark.integration
def test_a_restart_is_a_loss(own_servers: StartServers, chance: random.Random) -> None:
    """After a restart the index is not whole, though the server kept its keys; nor for one who had connected before."""
    servers = own_servers("cache")
    [words] = texts(chance, 1)
    with closing(_connect(servers.endpoints.cache, "own")) as index:
        make_whole(index)
        index.judge([document("1", words)], SIMILARITY)
        servers.cache.stop()
        servers.cache.start()
        servers.cache.wait_ready()

        with closing(_connect(servers.endpoints.cache, "own")) as other, pytest.raises(IndexLost):
            other.judge([document("2", words)], SIMILARITY)
        with pytest.raises(IndexLost):
            index.judge([document("2", words)], SIMILARITY)
        assert not index.renew_rebuild("mine", TTL_SECONDS)
        make_whole(index)
        [verdict] = index.judge([document("2", words)], SIMILARITY)
        assert verdict == Verdict(duplicate_of=document("1", words).document_id)


@pytest.mark.integration
def test_buckets_stay_packed(valkey_index: ValkeyDuplicateIndex, chance: random.Random) -> None:
    """The server keeps each bucket as one list, whose fields and values cost 18 bytes a band."""
    [words] = texts(chance, 1)
    valkey_index.judge([document(f"{number}", changed(words, number * 6)) for number in range(30)], SIMILARITY)
    client, space = valkey_index._client, valkey_index._space
    buckets = list(client.scan_iter(f"{space}[bt]*"))

    assert len(buckets) >= 16
    assert {client.object("encoding", key) for key in buckets} == {b"listpack"}


def make_whole(index: DuplicateIndex, judged: Sequence[Judged] = ()) -> None:
    """Rebuild an index of these documents."""
    assert index.begin_rebuild("test", TTL_SECONDS)
    index.restore(judged)
    assert index.finish_rebuild("test")


def lose(index: DuplicateIndex) -> None:
    """Have the index lost, of Valkey's only its own keys."""
    if isinstance(index, MemoryDuplicateIndex):
        index.lose()
    else:
        assert isinstance(index, ValkeyDuplicateIndex)
        for key in index._client.scan_iter(f"{index._space}*"):
            index._client.delete(key)


def _judged(text: Text, verdict: Verdict) -> Judged:
    known = (text.document_id, text.text_hash, text.signature, text.fetched_at)
    return Judged(*known, verdict.cluster_id, verdict.similarity)


def _connect(settings: CacheSettings, space: str = "") -> ValkeyDuplicateIndex:
    return ValkeyDuplicateIndex.from_settings(settings, space or f"test-{secrets.token_hex(6)}", POLICY)
