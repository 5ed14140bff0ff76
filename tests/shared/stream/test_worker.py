"""The process of a stream service, for real: what it does with faults, signals, halts and its commit port."""

import random
import re
from datetime import UTC, datetime
from urllib.request import urlopen

import msgspec
import pytest

from shared.contracts.failures import original_headers
from shared.contracts.identity import content_hash
from shared.contracts.message import ClaimCheck
from shared.io.s3 import S3ObjectStore
from shared.stream.exits import Exit
from shared.stream.halts import Halts
from tests.shared.stream.consumed import Consumed, headers
from tests.shared.stream.harness import Flow, Worker
from tests.shared.stream.numbered.service import REFUSED, Numbered

pytestmark = pytest.mark.integration


def numbers(records: list[Consumed]) -> list[int]:
    """Give the numbers of what was sent, sorted."""
    return sorted(record.done.number for record in records)


def test_each_kind_of_bad_record_goes_to_the_dead_letters_and_nothing_else_does(flow: Flow) -> None:
    """A raise, undecodable bytes, an absent value, a bad envelope and a killer record: just those are dead letters."""
    flow.publish([Numbered(number=number) for number in range(200)])
    flow.publish([Numbered(number=900, fate="raise"), Numbered(number=901, fate="die")])
    odd = (("not-ours", b"\xff\xfe"), ("not-ours", b"twice"))
    poison = [(b"\x00 not json \xff", 0, headers(902) + odd), (None, 1, headers(903)), (b'{"number":904}', 2, ())]
    flow.publish_raw(poison)

    with flow.worker() as worker:
        worker.finish()

    letters = flow.read("in-dlq")
    assert numbers(flow.read("out")) == list(range(200))
    assert sorted(letter.letter.error for letter in letters) == [
        "ChildLost",
        "DecodeError",
        "MalformedEnvelope",
        "MalformedEnvelope",
        "ValueError",
    ]
    undecodable = next(letter for letter in letters if letter.letter.error == "DecodeError")
    assert (undecodable.key, undecodable.value) == (b"key", poison[0][0])
    assert original_headers(undecodable.headers) == tuple(poison[0][2])
    assert undecodable.letter.origin.topic == f"{flow.prefix}-in"
    assert undecodable.letter.service == flow.group


@pytest.mark.parametrize(
    "payload", [random.Random(5).randbytes(1_040_000), b"endless " * 800_000], ids=["dense", "compressed"]
)
def test_the_largest_records_that_kafka_takes_fit_into_the_dead_letters(flow: Flow, payload: bytes) -> None:
    """A poison record just under the broker's limit is dead-lettered whole; so is one that was, once compressed."""
    flow.publish_raw([(payload, 0, headers(1))])

    with flow.worker() as worker:
        worker.finish()

    assert [letter.value for letter in flow.read("in-dlq")] == [payload]


def test_a_record_that_never_returns_is_a_fault(flow: Flow) -> None:
    """Work that outlasts its time-out is ended, found by halving, and dead-lettered."""
    flow.publish([Numbered(number=number, fate="hang" if number == 7 else "") for number in range(20)], partition=0)

    with flow.worker(STREAM_PROCESS_TIMEOUT_SECONDS="4") as worker:
        worker.finish()

    assert [letter.letter.error for letter in flow.read("in-dlq")] == ["ChildLost"]
    assert numbers(flow.read("out")) == [number for number in range(20) if number != 7]


def test_what_is_made_carries_its_parent_and_its_trace(flow: Flow) -> None:
    """An outgoing event has an id of its own, the origin of its parent, and the trace of its parent."""
    flow.publish([Numbered(number=3)])

    with flow.worker() as worker:
        worker.finish()

    [made] = flow.read("out")
    assert made.envelope.origin is not None
    assert str(made.envelope.origin) == f"{flow.prefix}-in/3/0"
    assert (made.envelope.traceparent or "").split("-")[1] == "0af7651916cd43dd8448eb211c80319c"
    assert made.envelope.source == f"/millrace/{flow.group}"
    assert made.key == made.envelope.partitionkey.encode() == b"3"


def test_sigterm_drains_what_is_in_hand(flow: Flow) -> None:
    """Asked to stop in mid-batch, the worker finishes, commits, and ends with 0; the rest comes once, elsewhere."""
    flow.publish([Numbered(number=number, fate="slow") for number in range(120)])

    with flow.worker(STREAM_BATCH_SIZE="20") as worker:
        worker.until(lambda: flow.count("out") > 0)
        worker.terminate()
        assert worker.exit_code() == Exit.OK, worker.log
    with flow.worker() as worker:
        worker.finish()

    assert numbers(flow.read("out")) == list(range(120))


def test_the_dead_letter_limit_halts_until_a_person_resumes(flow: Flow) -> None:
    """Faults past the limit halt the worker with 78, again at every start, and nothing of the batch is acknowledged."""
    flow.publish([Numbered(number=number, fate="raise") for number in range(80)], partition=0)
    limit = {"STREAM_DLQ_MAX_RUN": "50"}

    with flow.worker(**limit) as worker:
        assert worker.exit_code() == Exit.HALTED, worker.log
        assert f"millrace resume {flow.group}" in worker.log
    with flow.worker(**limit) as again:
        assert again.exit_code() == Exit.HALTED
    # The faults of earlier, smaller batches may have passed; the batch that tripped the limit has not.
    assert flow.committed().get(0, 0) == flow.count("in-dlq") < 50

    store = S3ObjectStore.from_settings(flow.s3)
    marker = Halts(store).read(flow.group)
    assert marker is not None
    Halts(store).resume(marker, by="somebody", at=datetime.now(UTC))
    flow.publish([Numbered(number=100)], partition=0)
    with flow.worker(**limit) as resumed:
        resumed.finish()
        resumed.until(lambda: Halts(store).read(flow.group) is None)

    assert flow.count("in-dlq") == 80
    assert numbers(flow.read("out")) == [100]


def test_the_commit_port_is_told_before_anything_is_acknowledged(flow: Flow) -> None:
    """What the commit port recorded covers every record once, and its skipped offsets are never worked on."""
    flow.publish([Numbered(number=number) for number in range(100)])

    with flow.worker(NUMBERED_COMMIT="record", NUMBERED_SKIP="5", NUMBERED_SLOW="1") as worker:
        worker.finish()

    store = S3ObjectStore.from_settings(flow.s3)
    commits = [msgspec.json.decode(store.get(found.key)) for found in store.list(f"{flow.prefix}/commits/")]
    recorded = sorted(number for commit in commits for number in commit["numbers"])
    assert recorded == list(range(20, 100))
    assert numbers(flow.read("out")) == recorded


def test_what_is_claimed_is_there_and_what_is_settled_is_sent(flow: Flow) -> None:
    """Bodies come from the store, the settler has the last word, and a body that is gone is a dead letter."""
    store = S3ObjectStore.from_settings(flow.s3)
    store.put(f"{flow.prefix}/pack", b"one two three")
    claim = ClaimCheck(
        bucket=flow.s3.bucket, key=f"{flow.prefix}/pack", offset=4, length=3, sha256=content_hash(b"two")
    )
    gone = msgspec.structs.replace(claim, key=f"{flow.prefix}/gone")
    flow.publish([Numbered(number=1, claim=claim), Numbered(number=REFUSED), Numbered(number=2, claim=gone)], 0)

    with flow.worker(NUMBERED_SETTLE="yes") as worker:
        worker.finish()

    [made] = flow.read("out")
    assert (made.done.number, made.done.stored) == (1, "settled-0")
    packed = b"".join(store.get(found.key) for found in store.list(f"{flow.prefix}/") if "pack" not in found.key)
    assert packed.splitlines()[0] == b"1 two"  # the refused record may have been in the same batch, or in the next
    assert [letter.letter.error for letter in flow.read("in-dlq")] == ["BodyMissing"]


@pytest.mark.parametrize("fate", ["raise", "end"])
def test_a_companion_that_is_gone_ends_the_process(flow: Flow, fate: str) -> None:
    """Half a service is none."""
    with flow.worker(NUMBERED_COMPANION=fate) as worker:
        assert worker.exit_code() == Exit.OUTAGE, worker.log


def test_a_companion_runs_beside_the_service_until_it_stops(flow: Flow) -> None:
    """It has the store, and doesn't hold the end up."""
    store = S3ObjectStore.from_settings(flow.s3)
    flow.publish([Numbered(number=1)])

    with flow.worker(NUMBERED_COMPANION="wait") as worker:
        worker.finish()
        worker.until(lambda: store.exists(f"{flow.prefix}/companion"))
        worker.terminate()
        assert worker.exit_code() == Exit.OK, worker.log


def test_a_raise_in_the_commit_port_means_that_nothing_was_acknowledged(flow: Flow) -> None:
    """The worker ends with 70, the group has committed nothing, and the records come again."""
    flow.publish([Numbered(number=number) for number in range(10)])

    with flow.worker(NUMBERED_COMMIT="raise") as worker:
        assert worker.exit_code() == Exit.OUTAGE, worker.log
    assert sum(flow.committed().values()) == 0

    with flow.worker() as worker:
        worker.finish()
    assert set(numbers(flow.read("out"))) == set(range(10))


def test_a_commit_port_that_cannot_say_what_is_durable_stops_the_worker(flow: Flow) -> None:
    """Nothing is worked on twice because nobody could be asked."""
    flow.publish([Numbered(number=number) for number in range(10)])

    with flow.worker(NUMBERED_COMMIT="blind") as worker:
        assert worker.exit_code() == Exit.OUTAGE, worker.log

    assert flow.count("out") == 0
    assert sum(flow.committed().values()) == 0


def test_a_worker_that_has_work_and_does_none_ends_itself(flow: Flow) -> None:
    """The watchdog sees the lag on the broker, whatever keeps the worker."""
    flow.publish([Numbered(number=1, fate="hang")])

    with flow.worker(STREAM_WATCHDOG_SECONDS="2", STREAM_PROCESS_TIMEOUT_SECONDS="600") as worker:
        assert worker.exit_code() == Exit.OUTAGE, worker.log
        assert "1 records wait" in worker.log


def test_a_second_signal_ends_a_drain_at_once(flow: Flow) -> None:
    """A person who presses Ctrl-C twice means it."""
    flow.publish([Numbered(number=1, fate="hang")])

    with flow.worker(STREAM_DRAIN_SECONDS="600", STREAM_PROCESS_TIMEOUT_SECONDS="600") as worker:
        worker.until(lambda: in_flight(worker) == 1)
        worker.terminate()
        worker.until(lambda: '"stopping"' in worker.log)
        worker.terminate()
        assert worker.exit_code() == Exit.UNDRAINED, worker.log


def in_flight(worker: Worker) -> float:
    """Give how many records the worker has in hand, by its metrics; 0 before it serves them."""
    port = re.search(r'"event": "health_served".*"port": (\d+)', worker.log)
    if port is None:
        return 0.0
    page = urlopen(f"http://127.0.0.1:{port[1]}/metrics", timeout=5).read().decode()
    found = re.search(r"^millrace_in_flight_records\{.*\} (\S+)$", page, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_a_wrong_setting_is_named_and_the_worker_stays_down(flow: Flow) -> None:
    """The message names the variable, and the exit code tells the supervisor not to try again."""
    with flow.worker(STREAM_BATCH_SIZE="none") as worker:
        assert worker.exit_code() == Exit.HALTED
        assert "STREAM_BATCH_SIZE=none" in worker.log
