"""Models in an object store: signed versions that are made once, files by digest, aliases, and the gate's verdicts."""

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from shared.io.object_store import ObjectExists, ObjectNotFound, ObjectStore, PreconditionFailed
from shared.models.alias_store import AliasStore, ChampionChanged, NoPrevious
from shared.models.aliases import Aliases
from shared.models.files import DamagedFile, ModelFiles, missing_files
from shared.models.manifest import FORMAT, FileEntry, ModelManifest, version_key
from shared.models.signing import Signer, Trust, Untrusted, unverified_payload
from shared.models.verdict import Verdict, verdict_key

__all__ = ["ChampionChanged", "DamagedFile", "ModelStore", "NoPrevious", "NoSuchModelVersion"]

_JSON = "application/json"


class NoSuchModelVersion(Exception):
    """The model has no such version."""


class RunClaim(msgspec.Struct, frozen=True, kw_only=True):
    """The one version that a run publishes as, unless another run has made that version by then."""

    version: int


def run_claim_key(model: str, run: str) -> str:
    """Give the key of a run's claim."""
    return f"models/{model}/runs/{run}.json"


class ModelStore:
    """Keeps one model, `models/<model>/…`. Every call may raise `Outage` and `StoreMisconfigured`."""

    def __init__(self, store: ObjectStore, model: str) -> None:
        """Keep it in `store`."""
        self.store = store
        self.model = model
        self.files = ModelFiles(store, model)
        self._aliases = AliasStore(store, model)

    def versions(self) -> list[int]:
        """List every version, ascending."""
        names = (info.key.rpartition("/")[2] for info in self.store.list(f"models/{self.model}/versions/"))
        return sorted(int(name[:8]) for name in names if re.fullmatch(r"\d{8}\.json", name))

    def put_file(self, path: Path) -> FileEntry:
        """Write a file, unless its bytes are there already, and give its entry for the manifest."""
        return self.files.put(path)

    def publish(self, manifest: ModelManifest, signer: Signer) -> ModelManifest:
        """Make the next version of `manifest`, whatever version it says, and give it as it was signed.

        A run makes one version, also when it is asked twice, at once or years later: the one that it made is given, as
        it lies there; who signed that is for `read` to tell. Before it there is only the claim of the run, which is no
        version. Raises `DamagedFile` where a file of the manifest isn't in the store, `Untrusted` where what the run
        claims is there and no manifest, and `ValueError` for another model's manifest.
        """
        if manifest.model != self.model:
            raise ValueError(f"a manifest of model {manifest.model}, not of {self.model}")
        if missing := missing_files(self.files, manifest):
            raise DamagedFile(f"not in the store, or not whole: {', '.join(missing)}. Put the files first")
        while True:
            version = self._claimed(manifest.run) or self._claim(manifest.run)
            if (made := self._make(msgspec.structs.replace(manifest, version=version), signer)) is not None:
                return made

    def of_run(self, run: str, trust: Trust) -> ModelManifest | None:
        """Read the version that a run has made; None where it made none. Raises `Untrusted`."""
        version = self._claimed(run)
        if version is None or not self.store.exists(version_key(self.model, version)):
            return None
        made = self.read(version, trust)
        return made if made.run == run else None

    def envelope(self, version: int) -> bytes:
        """Read the signed bytes of a version's manifest; raises `NoSuchModelVersion`."""
        try:
            return self.store.get(version_key(self.model, version))
        except ObjectNotFound as error:
            raise NoSuchModelVersion(f"model {self.model} has no version {version}") from error

    def read(self, version: int, trust: Trust) -> ModelManifest:
        """Read a version that a trusted key has signed; raises `NoSuchModelVersion` and `Untrusted`."""
        try:
            return self._decoded(version, trust.open(self.envelope(version)))
        except Untrusted as error:
            raise Untrusted(f"version {version} of model {self.model} is not to be trusted: {error}") from error

    def fetch(self, manifest: ModelManifest, names: Iterable[str], cache: Path) -> dict[str, Path]:
        """Give paths of the files `names`, each in `cache` by its digest and checked; raises `DamagedFile`.

        A name that the manifest hasn't is a `KeyError`.
        """
        return {name: self.files.fetch(manifest.files[name], cache) for name in names}

    def aliases(self) -> Aliases | None:
        """Read which version serves; None where none was promoted yet."""
        return self._aliases.read()

    def history(self) -> list[Aliases]:
        """Read every change of the aliases, the first one first."""
        return self._aliases.history()

    def promote(  # noqa: PLR0913 - what a promotion says of itself, each by its name
        self, version: int, *, over: int | None, verdict: str, by: str, reason: str, at: datetime
    ) -> Aliases:
        """Let `version` serve in place of `over`, None for none; raises `ChampionChanged` where that doesn't serve.

        Asked again after it was done by the same verdict, it gives what is there. Raises `NoSuchModelVersion`, and
        `ValueError` where `version` is to follow itself.
        """
        if version == over:
            raise ValueError(f"version {version} of model {self.model} is the champion already")
        if not self.store.exists(version_key(self.model, version)):
            raise NoSuchModelVersion(f"model {self.model} has no version {version}")
        return self._aliases.promote(
            Aliases(champion=version, previous=over, verdict=verdict, by=by, reason=reason, at=at)
        )

    def rollback(self, *, by: str, reason: str, at: datetime, over: int | None = None) -> Aliases:
        """Let the previous version serve again, and the champion be the previous one.

        Raises `NoPrevious`, and `ChampionChanged` where the champion isn't `over`, if that is given.
        """
        return self._aliases.rollback(over, by, reason, at)

    def record_verdict(self, verdict: Verdict) -> Verdict:
        """Keep a verdict, and give what is kept: the one that was recorded first."""
        key = verdict_key(self.model, verdict.id)
        try:
            self.store.create(key, msgspec.json.encode(verdict), content_type=_JSON)
        except ObjectExists:
            return self.verdict(verdict.id)
        return verdict

    def verdict(self, id_: str) -> Verdict:
        """Read a verdict; raises `ObjectNotFound` where none of this id is recorded."""
        return msgspec.json.decode(self.store.get(verdict_key(self.model, id_)), type=Verdict)

    def verdicts(self) -> list[Verdict]:
        """Read every verdict, by candidate and then champion."""
        keys = sorted(info.key for info in self.store.list(f"models/{self.model}/verdicts/"))
        return [msgspec.json.decode(self.store.get(key), type=Verdict) for key in keys]

    def _decoded(self, version: int, payload: bytes) -> ModelManifest:
        """Read a manifest that was signed, for this place: an envelope that was moved here from another is refused."""
        try:
            manifest = msgspec.json.decode(payload, type=ModelManifest)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise Untrusted(f"what was signed is no manifest: {error}") from error
        if manifest.format > FORMAT:
            raise Untrusted(f"its format is {manifest.format}, and we read up to {FORMAT}. Update Millrace")
        if (manifest.model, manifest.version) != (self.model, version):
            raise Untrusted(f"what was signed is version {manifest.version} of model {manifest.model}")
        return manifest

    def _make(self, manifest: ModelManifest, signer: Signer) -> ModelManifest | None:
        """Make a version, or find that its run did; None where another run did, and the claim was moved."""
        key = version_key(self.model, manifest.version)
        try:
            self.store.create(key, signer.sign(msgspec.json.encode(manifest)), content_type=_JSON)
        except ObjectExists:
            made = self._decoded(manifest.version, unverified_payload(self.store.get(key)))
            if made.run == manifest.run:
                return made
            self._move_claim(manifest.run, manifest.version)
            return None
        return manifest

    def _claimed(self, run: str) -> int | None:
        """Give the version that a run claims; None where it claims none."""
        try:
            return msgspec.json.decode(self.store.get(run_claim_key(self.model, run)), type=RunClaim).version
        except ObjectNotFound:
            return None

    def _claim(self, run: str) -> int:
        """Claim the next free version for a run, and give what it claims: what was claimed first stays."""
        version = self._free()
        try:
            self.store.create(run_claim_key(self.model, run), _claim_of(version), content_type=_JSON)
        except ObjectExists:
            return self._claimed(run) or version
        return version

    def _move_claim(self, run: str, taken: int) -> None:
        """Let a run whose version was `taken` by another claim the next free one, unless its twin just did."""
        key = run_claim_key(self.model, run)
        there = self.store.get_versioned(key)
        if msgspec.json.decode(there.data, type=RunClaim).version != taken:
            return
        try:
            self.store.replace(key, _claim_of(self._free()), if_match=there.info.etag, content_type=_JSON)
        except PreconditionFailed:
            return

    def _free(self) -> int:
        return max(self.versions(), default=0) + 1


def _claim_of(version: int) -> bytes:
    return msgspec.json.encode(RunClaim(version=version))
