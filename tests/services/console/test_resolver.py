"""Tests of replays and drops on the real broker and store: none is lost, none is resolved twice, whoever crashes."""

import random
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from services.console.audit_log import AuditLog
from services.console.core import resolving
from services.console.core.audit import LEASE, Action, Begun, Done, Operator
from services.console.core.letters import Place, Replay, Selection
from services.console.core.resolving import Order
from services.console.dead_letters import DeadLetters
from services.console.kafka_admin import connected
from services.console.replay_sender import ReplaySender
from services.console.resolver import Resolved, Resolver, Sender
from shared.contracts.envelope import Headers
from shared.contracts.failures import REPLAYED_HEADER
from shared.contracts.topics import RECORD_LIMIT_BYTES
from shared.io.outage import Outage
from shared.io.s3 import S3ObjectStore
from tests.services.console.builders import ANNA, BEN
from tests.services.console.harness import Mail

pytestmark = pytest.mark.integration

ODD_HEADERS: Headers = (("ce_id", b"1"), ("x", b"\xff\xfe"), ("x", None), ("x", b"\xff\xfe"))
LARGE = random.Random(1).randbytes(RECORD_LIMIT_BYTES - 4_000)
POISON: tuple[tuple[bytes | None, bytes | None], ...] = (
    (b"\xff\x00", b"\x00\xffbinary\x1b"),
    (None, b"no key"),
    (b"tombstone", None),
    (b"large", LARGE),
    (b"", b""),
)


@dataclass(frozen=True)
class Office:
    """One dead-letter topic, its audit log, and operators who work on it."""

    mail: Mail
    store: S3ObjectStore

    def resolver(
        self, operator: Operator = ANNA, sender: Sender | None = None, running: Iterable[int] = ()
    ) -> Resolver:
        """Give what one operator works with; of this machine's processes only `running` still run."""
        return Resolver(
            DeadLetters(self.mail.kafka),
            AuditLog(self.store, self.mail.dead),
            sender or ReplaySender(self.mail.kafka),
            operator,
            lambda: datetime.now(UTC),
            set(running).__contains__,
        )

    def order(self, action: Action = "replay", selection: Selection | None = None, reason: str = "") -> Order:
        """Order what a person would who looked now."""
        return Order(
            topic=self.mail.dead,
            topic_id=self.topic_id(),
            action=action,
            ends=DeadLetters(self.mail.kafka).ends(self.mail.dead),
            selection=selection or Selection(),
            reason=reason,
        )

    def topic_id(self) -> str:
        """Give the id of the dead-letter topic."""
        with connected(self.mail.kafka) as admin:
            return str(admin.topic_id(self.mail.dead))

    def log(self) -> tuple[Begun | Done, ...]:
        """Read the audit log."""
        return AuditLog(self.store, self.mail.dead).read("").entries

    def open_offsets(self) -> list[int]:
        """Give the offsets of the letters that are still open."""
        ledger = AuditLog(self.store, self.mail.dead).read(self.topic_id())
        return [one.record.offset for one in self.mail.dead_letters() if ledger.standing(one.place) is None]

    def post(self, count: int, error: str = "ValueError", start: int = 0) -> None:
        """Put `count` letters, numbered from `start` in their ids and values."""
        numbers = range(start, start + count)
        letters = ((self.mail.said(error), b"k%d" % one, b"%04d" % one, (("ce_id", b"%d" % one),)) for one in numbers)
        self.mail.post(*letters)

    def arrived(self) -> list[int]:
        """Give the numbers of the letters that came back to the original topic, as often as they did."""
        return [int(one.value or b"-1") for one in self.mail.arrived()]


@dataclass
class Crash(BaseException):
    """The process is gone: nothing that would run after it runs."""


@dataclass(frozen=True)
class Saboteur:
    """Sends, or doesn't, and then raises."""

    inner: Sender
    error: BaseException
    sends: bool = True

    def send(self, replays: Sequence[Replay]) -> list[str]:
        """Do so."""
        if self.sends:
            self.inner.send(replays)
        raise self.error


@pytest.fixture
def office(mail: Mail, s3_store: S3ObjectStore) -> Office:
    """Give a fresh topic and its log."""
    return Office(mail, s3_store)


def total(batches: Iterable[Resolved]) -> int:
    """Count the letters that were resolved."""
    return sum(batch.count for batch in batches)


def test_a_replay_is_byte_for_byte_what_had_failed(office: Office) -> None:
    """Binary, a megabyte, no key, no value, headers that are no text and come twice."""
    office.mail.post(*((office.mail.said(attempt=2), key, value, ODD_HEADERS) for key, value in POISON))
    assert total(office.resolver().resolve(office.order())) == len(POISON)
    arrived = {(one.key, one.value, one.headers) for one in office.mail.arrived()}
    assert arrived == {(key, value, (*ODD_HEADERS, (REPLAYED_HEADER, b"2"))) for key, value in POISON}
    assert office.open_offsets() == []


def test_replaying_twice_is_the_same_as_once(office: Office) -> None:
    """A letter that is resolved is not sent again, by whomever."""
    office.post(10)
    assert total(office.resolver().resolve(office.order())) == 10
    assert total(office.resolver(BEN).resolve(office.order())) == 0
    assert office.arrived() == list(range(10))
    assert len(office.log()) == 2


def test_a_drop_sends_nothing_and_says_why(office: Office) -> None:
    """What was dropped can't be replayed."""
    office.post(3)
    assert total(office.resolver().resolve(office.order("drop", reason="a broken export"))) == 3
    assert total(office.resolver().resolve(office.order("replay"))) == 0
    begun = office.log()[0]
    assert isinstance(begun, Begun)
    assert (begun.action, begun.reason, begun.by) == ("drop", "a broken export", ANNA)
    assert office.mail.arrived() == []


def test_only_what_is_meant_is_resolved(office: Office) -> None:
    """The log holds exactly the letters that match, and the others stay open."""
    office.post(2, "KeyError")
    office.post(3, "ValueError", start=2)
    office.post(1, "KeyError", start=5)
    assert total(office.resolver().resolve(office.order(selection=Selection(errors=("KeyError",))))) == 3
    assert office.arrived() == [0, 1, 5]
    assert office.open_offsets() == [2, 3, 4]


def test_what_arrived_after_a_person_looked_is_left(office: Office) -> None:
    """Nobody has agreed to it."""
    office.post(2)
    order = office.order()
    office.post(1, start=2)
    assert total(office.resolver().resolve(order)) == 2
    assert office.open_offsets() == [2]


def test_a_letter_that_failed_again_is_a_new_letter(office: Office) -> None:
    """It can be replayed again, and its attempt is sent along."""
    office.post(1)
    list(office.resolver().resolve(office.order()))
    office.mail.post((office.mail.said(attempt=2), b"k0", b"0000", office.mail.arrived()[0].headers))
    assert total(office.resolver().resolve(office.order())) == 1
    attempts = [dict(one.headers)[REPLAYED_HEADER] for one in office.mail.arrived()]
    assert attempts == [b"1", b"2"]
    assert [len(one.headers) for one in office.mail.arrived()] == [2, 2]


def test_many_letters_go_in_batches(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash costs no more than one batch."""
    monkeypatch.setattr(resolving, "BATCH_LETTERS", 4)
    office.post(10)
    assert [batch.count for batch in office.resolver().resolve(office.order())] == [4, 4, 2]
    assert office.arrived() == list(range(10))
    assert office.open_offsets() == []


def test_what_the_broker_refuses_stays_open(office: Office) -> None:
    """The others are resolved, and the refused one is told with its reason."""
    too_large = random.Random(1).randbytes(RECORD_LIMIT_BYTES + 1_000)
    office.post(1)
    office.mail.post((office.mail.said(), b"k", too_large, ()))
    office.post(1, start=2)
    batch = next(iter(office.resolver().resolve(office.order())))
    assert batch.count == 2
    assert [place for place, _ in batch.refused] == [Place(0, 1)]
    assert office.open_offsets() == [1]


@pytest.mark.parametrize("sends", [True, False])
def test_a_crash_between_begun_and_done_is_finished_by_the_next(office: Office, sends: bool) -> None:
    """Nothing is lost; what had been sent is sent again under the same id, by which consumers know it."""
    office.post(5)
    crashing = office.resolver(sender=Saboteur(ReplaySender(office.mail.kafka), Crash(), sends))
    with pytest.raises(Crash):
        list(crashing.resolve(office.order()))
    assert [type(entry) for entry in office.log()] == [Begun]

    successor = office.resolver(Operator(ANNA.user, ANNA.host, 99))
    forecast = successor.forecast(office.order())
    assert [(one.sequence, one.begun.by) for one in forecast.abandoned] == [(0, ANNA)]
    assert forecast.count == 0
    assert total(successor.resolve(office.order())) == 5
    assert office.arrived() == sorted([*range(5), *(range(5) if sends else ())])
    assert {dict(one.headers)["ce_id"] for one in office.mail.arrived()} == {b"%d" % one for one in range(5)}
    assert office.open_offsets() == []
    taken_over = office.log()[1]
    assert isinstance(taken_over, Begun)
    assert taken_over.instead_of == 0


def test_an_outage_while_sending_leaves_an_open_entry_and_says_so(office: Office) -> None:
    """Nothing is half said: what was begun is finished by the same command."""
    office.post(3)
    cut_off = office.resolver(sender=Saboteur(ReplaySender(office.mail.kafka), Outage("Kafka is away"), sends=False))
    with pytest.raises(Outage, match=r"Kafka is away\. Entry #0 stays open; the same command"):
        list(cut_off.resolve(office.order()))
    assert total(office.resolver().resolve(office.order())) == 3
    assert office.arrived() == [0, 1, 2]


def test_a_crash_in_a_drop_is_finished_by_a_replay_as_a_drop(office: Office) -> None:
    """What a person decided is done, whoever finishes it."""
    office.post(2)
    office.post(1, "KeyError", start=2)
    resolver, order = office.resolver(), office.order("drop", Selection(errors=("ValueError",)), "junk")
    log = AuditLog(office.store, office.mail.dead)
    held = resolving.ranges_of(office.mail.dead, office.mail.dead_letters()[:2])
    log.append(Begun(topic_id=order.topic_id, action="drop", by=ANNA, at=datetime.now(UTC), ranges=held, reason="junk"))
    assert [(one.begun.action, one.count) for one in resolver.resolve(office.order())] == [("drop", 2), ("replay", 1)]
    assert office.arrived() == [2]


def test_what_another_has_in_hand_is_left_alone(office: Office) -> None:
    """His process runs, or nobody knows yet that it doesn't."""
    office.post(4)
    log = AuditLog(office.store, office.mail.dead)
    held = resolving.ranges_of(office.mail.dead, office.mail.dead_letters()[:2])
    now = datetime.now(UTC)
    log.append(Begun(topic_id=office.topic_id(), action="replay", by=BEN, at=now, ranges=held))
    forecast = office.resolver().forecast(office.order())
    assert [one.begun.by for one in forecast.busy] == [BEN]
    assert total(office.resolver().resolve(office.order())) == 2
    assert office.arrived() == [2, 3]

    after_the_lease = replace(office.resolver(), clock=lambda: now + LEASE + timedelta(seconds=1))
    assert total(after_the_lease.resolve(office.order())) == 2
    assert office.arrived() == [0, 1, 2, 3]


def test_two_operators_at_once_send_each_letter_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever loses the race for an entry decides anew, and each letter is in one of them's hands."""
    monkeypatch.setattr(resolving, "BATCH_LETTERS", 7)
    office.post(60)
    order, together = office.order(), Barrier(2)

    def work(operator: Operator) -> int:
        resolver = office.resolver(operator, running={ANNA.process, BEN.process})
        together.wait()
        return total(resolver.resolve(order))

    with ThreadPoolExecutor(2) as threads:
        counts = list(threads.map(work, [ANNA, BEN]))
    assert sum(counts) == 60, office.log()
    assert office.arrived() == list(range(60))
    assert office.open_offsets() == []


def test_a_topic_made_anew_has_no_past(office: Office) -> None:
    """Its first letters are open, whatever was done to letters of the same offsets before."""
    office.post(3)
    log = AuditLog(office.store, office.mail.dead)
    held = resolving.ranges_of(office.mail.dead, office.mail.dead_letters())
    log.append(Begun(topic_id="an earlier one", action="drop", by=ANNA, at=datetime.now(UTC), ranges=held))
    log.append(Done(begun=0, by=ANNA, at=datetime.now(UTC), ranges=held))
    assert total(office.resolver().resolve(office.order())) == 3
