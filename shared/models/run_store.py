"""Training runs in an object store: one decision, one executor at a time, one outcome, checkpoints to go on from."""

import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import structlog

from shared.io.object_store import ObjectExists, ObjectNotFound, ObjectStore, PreconditionFailed
from shared.models.files import DamagedFile, download, entry_of
from shared.models.manifest import FileEntry
from shared.models.runs import Decision, Lease, Outcome, decision_key, run_key

T = TypeVar("T")

_JSON: Final = "application/json"
_LEASE: Final = "lease.json"
_OUTCOME: Final = "outcome.json"
_LATEST: Final = "checkpoints/latest.json"

log = structlog.get_logger()


class LeaseLost(Exception):
    """Another holder executes the run by now: stop, and publish nothing."""


class CheckpointEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Where the newest checkpoint of a run lies, and what its bytes are."""

    name: str
    file: FileEntry


class RunStore:
    """Keeps decisions and runs, `runs/…`. Every call may raise `Outage` and `StoreMisconfigured`."""

    def __init__(self, store: ObjectStore) -> None:
        """Keep them in `store`."""
        self._store = store

    def decide(self, decision: Decision) -> Decision:
        """Keep a decision, and give what is kept: the first one on its dataset version stays."""
        return self._keep_first(decision_key(decision.task, decision.dataset, decision.dataset_version), decision)

    def decision(self, task: str, dataset: str, version: int) -> Decision | None:
        """Read the decision on a dataset version; None where there is none."""
        return self._read(decision_key(task, dataset, version), Decision)

    def decided(self, task: str, dataset: str) -> list[int]:
        """List the versions of a dataset that a decision was made on, ascending; none of them is read."""
        listed = (info.key.split("/") for info in self._store.list(f"runs/{task}/{dataset}/"))
        return sorted(int(version) for _, _, _, version, *rest in listed if rest == ["decision.json"])

    def acquire(self, run: str, holder: str, now: datetime, seconds: float) -> Lease | None:
        """Take a run for `seconds`; None where another holds it, or came first.

        A holder that takes what it holds already, for it was started again, gets a new epoch as any other does. `now`
        is by each holder's own clock: `seconds` must be far more than clocks are apart.
        """
        key = run_key(run, _LEASE)
        until = now + timedelta(seconds=seconds)
        try:
            there = self._store.get_versioned(key)
        except ObjectNotFound:
            return self._begin_lease(key, Lease(holder=holder, epoch=1, expires_at=until))
        held = msgspec.json.decode(there.data, type=Lease)
        if held.holder != holder and held.expires_at > now:
            return None
        return self._swap_lease(key, Lease(holder=holder, epoch=held.epoch + 1, expires_at=until), there.info.etag)

    def lease(self, run: str) -> Lease | None:
        """Read who executes a run, or did last; None where nobody has begun it."""
        return self._read(run_key(run, _LEASE), Lease)

    def renew(self, run: str, lease: Lease, now: datetime, seconds: float) -> Lease:
        """Hold a run for `seconds` from now; raises `LeaseLost` where another took it.

        A lease that ran out and that nobody took is renewed too.
        """
        renewed = msgspec.structs.replace(lease, expires_at=now + timedelta(seconds=seconds))
        etag = self._held(run, lease)
        if self._swap_lease(run_key(run, _LEASE), renewed, etag) is None:
            raise LeaseLost(f"run {run} was taken while its lease of epoch {lease.epoch} was renewed")
        return renewed

    def require(self, run: str, lease: Lease) -> None:
        """Raise `LeaseLost` unless the run is still held by this lease."""
        self._held(run, lease)

    def release(self, run: str, lease: Lease, now: datetime) -> None:
        """Let others take the run at once; one that was lost already is no error."""
        try:
            self.renew(run, lease, now, 0.0)
        except LeaseLost:
            log.info("lease_was_lost", run=run, epoch=lease.epoch)

    def conclude(self, run: str, outcome: Outcome) -> Outcome:
        """Keep the outcome of a run, and give what is kept: the first one stays."""
        return self._keep_first(run_key(run, _OUTCOME), outcome)

    def outcome(self, run: str) -> Outcome | None:
        """Read the outcome of a run; None where it has none yet."""
        return self._read(run_key(run, _OUTCOME), Outcome)

    def reopen(self, run: str) -> None:
        """Let a run that failed be executed again; the outcome of one that made a version stays."""
        outcome = self.outcome(run)
        if outcome is not None and outcome.version is None:
            self._store.delete(run_key(run, _OUTCOME))

    def save_checkpoint(self, run: str, path: Path) -> None:
        """Keep a file as the run's newest checkpoint, in place of the one before.

        Each has a name of its own, and the pointer to it is swapped last: whatever moment a process is killed at, the
        one before is still there.
        """
        entry = CheckpointEntry(name=f"checkpoints/{secrets.token_hex(8)}.ckpt", file=entry_of(path))
        self._store.upload(run_key(run, entry.name), path)
        while True:
            with suppress(ObjectExists, PreconditionFailed):
                before = self._point_at(run, entry)
                break
        if before is not None:
            self._store.delete(run_key(run, before.name))

    def load_checkpoint(self, run: str, into: Path) -> bool:
        """Write the newest checkpoint to `into`, and tell whether there is one.

        One that is damaged, or half written, is told in the log, and counts as none: `into` is left as it was.
        """
        try:
            return self._download_newest(run, into)
        except (DamagedFile, msgspec.DecodeError, UnicodeError) as error:
            log.warning("checkpoint_damaged", run=run, reason=str(error))
            return False

    def drop_checkpoints(self, run: str) -> None:
        """Remove every checkpoint of a run, those included that a killed process left behind."""
        self._store.delete(run_key(run, _LATEST))
        for info in list(self._store.list(run_key(run, "checkpoints/"))):
            self._store.delete(info.key)

    def _keep_first(self, key: str, record: T) -> T:
        try:
            self._store.create(key, msgspec.json.encode(record), content_type=_JSON)
        except ObjectExists:
            return msgspec.json.decode(self._store.get(key), type=type(record))
        return record

    def _read(self, key: str, kind: type[T]) -> T | None:
        try:
            return msgspec.json.decode(self._store.get(key), type=kind)
        except ObjectNotFound:
            return None

    def _held(self, run: str, lease: Lease) -> str:
        """Give the etag of the lease that is kept, where it is still this one; raises `LeaseLost`."""
        try:
            there = self._store.get_versioned(run_key(run, _LEASE))
        except ObjectNotFound as error:
            raise LeaseLost(f"the lease of run {run} is gone") from error
        held = msgspec.json.decode(there.data, type=Lease)
        if (held.holder, held.epoch) != (lease.holder, lease.epoch):
            raise LeaseLost(f"run {run} is held by {held.holder}, epoch {held.epoch}; ours was {lease.epoch}")
        return there.info.etag

    def _begin_lease(self, key: str, lease: Lease) -> Lease | None:
        try:
            self._store.create(key, msgspec.json.encode(lease), content_type=_JSON)
        except ObjectExists:
            return None
        return lease

    def _swap_lease(self, key: str, lease: Lease, etag: str) -> Lease | None:
        try:
            self._store.replace(key, msgspec.json.encode(lease), if_match=etag, content_type=_JSON)
        except PreconditionFailed:
            return None
        return lease

    def _download_newest(self, run: str, into: Path) -> bool:
        entry = self._read(run_key(run, _LATEST), CheckpointEntry)
        if entry is None:
            return False
        try:
            download(self._store, run_key(run, entry.name), entry.file, into)
        except DamagedFile:
            newer = self._read(run_key(run, _LATEST), CheckpointEntry)
            if newer is None or newer == entry:
                raise
            # A zombie saved another one meanwhile, and removed this one.
            download(self._store, run_key(run, newer.name), newer.file, into)
        return True

    def _point_at(self, run: str, entry: CheckpointEntry) -> CheckpointEntry | None:
        """Let the pointer name `entry`, and give what it named; raises where somebody came between.

        A pointer that can't be read names nothing that could be removed.
        """
        key, data = run_key(run, _LATEST), msgspec.json.encode(entry)
        try:
            there = self._store.get_versioned(key)
        except ObjectNotFound:
            self._store.create(key, data, content_type=_JSON)
            return None
        self._store.replace(key, data, if_match=there.info.etag, content_type=_JSON)
        try:
            return msgspec.json.decode(there.data, type=CheckpointEntry)
        except (msgspec.DecodeError, UnicodeError):
            return None
