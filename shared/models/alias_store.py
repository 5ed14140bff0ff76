"""Which version serves: an object that is swapped by compare-and-swap, so that no change is made on an old view."""

from contextlib import suppress
from datetime import datetime

import msgspec

from shared.io.object_store import ObjectExists, ObjectNotFound, ObjectStore, PreconditionFailed
from shared.models.aliases import Aliases, aliases_key

_JSON = "application/json"


class ChampionChanged(Exception):
    """The champion isn't the one that the change was meant to follow: look again, and ask the gate again."""


class NoPrevious(Exception):
    """There is no version to roll back to."""


class AliasStore:
    """Keeps the aliases of one model, `models/<model>/aliases.json`, and each that was replaced in `…/history/`.

    What is replaced is kept before it is: the history has no gap, whoever is killed when.
    """

    def __init__(self, store: ObjectStore, model: str) -> None:
        """Keep them in `store`."""
        self._store = store
        self._model = model
        self._key = aliases_key(model)

    def read(self) -> Aliases | None:
        """Read the aliases; None where no version was promoted yet."""
        return self._versioned()[0]

    def history(self) -> list[Aliases]:
        """Read every change of the aliases, the first one first: who, when and why."""
        there = self.read()
        if there is None:
            return []
        listed = (info.key for info in self._store.list(f"models/{self._model}/history/"))
        kept = [msgspec.json.decode(self._store.get(key), type=Aliases) for key in sorted(listed)]
        # What was kept and then not replaced, for somebody came between, is in force.
        return [*(one for one in kept if one.revision < there.revision), there]

    def promote(self, wanted: Aliases) -> Aliases:
        """Let `wanted.champion` follow `wanted.previous`, and give the aliases; raises `ChampionChanged`.

        A promotion by a verdict that is in force already is given as it stands: whoever was killed right after it may
        ask again.
        """
        while True:
            there, etag = self._versioned()
            if there is not None and wanted.verdict and _same_promotion(there, wanted):
                return there
            self._require_champion(there, wanted.previous)
            if (written := self._swap(there, etag, wanted)) is not None:
                return written

    def rollback(self, over: int | None, by: str, reason: str, at: datetime) -> Aliases:
        """Let the previous version serve again, where `over` is the champion or None; raises `ChampionChanged`."""
        there, etag = self._versioned()
        if there is None or there.previous is None:
            raise NoPrevious(f"model {self._model} has no previous version to roll back to")
        if over is not None:
            self._require_champion(there, over)
        wanted = Aliases(champion=there.previous, previous=there.champion, by=by, reason=reason, at=at)
        written = self._swap(there, etag, wanted)
        if written is None:
            raise ChampionChanged(f"somebody changed the champion of {self._model} at the same moment. Look again")
        return written

    def _versioned(self) -> tuple[Aliases | None, str]:
        try:
            there = self._store.get_versioned(self._key)
        except ObjectNotFound:
            return None, ""
        return msgspec.json.decode(there.data, type=Aliases), there.info.etag

    def _require_champion(self, there: Aliases | None, over: int | None) -> None:
        champion = None if there is None else there.champion
        if champion != over:
            raise ChampionChanged(f"the champion of {self._model} is {_named(champion)}, not {_named(over)}")

    def _swap(self, there: Aliases | None, etag: str, wanted: Aliases) -> Aliases | None:
        """Write `wanted` over what was read; None where somebody came between."""
        revised = msgspec.structs.replace(wanted, revision=1 if there is None else there.revision + 1)
        data = msgspec.json.encode(revised)
        try:
            if there is None:
                self._store.create(self._key, data, content_type=_JSON)
            else:
                self._archive(there)
                self._store.replace(self._key, data, if_match=etag, content_type=_JSON)
        except (ObjectExists, PreconditionFailed):
            return None
        return revised

    def _archive(self, there: Aliases) -> None:
        with suppress(ObjectExists):  # by whoever replaced it, or meant to
            key = history_key(self._model, there.revision)
            self._store.create(key, msgspec.json.encode(there), content_type=_JSON)


def history_key(model: str, revision: int) -> str:
    """Give the key of the aliases as they were after change number `revision`."""
    return f"models/{model}/history/{revision:08d}.json"


def _same_promotion(there: Aliases, wanted: Aliases) -> bool:
    return (there.champion, there.verdict) == (wanted.champion, wanted.verdict)


def _named(version: int | None) -> str:
    return "none" if version is None else f"version {version}"
