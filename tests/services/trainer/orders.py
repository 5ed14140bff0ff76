"""What a trainer of a test is told, and which blows it is dealt."""

import os
import re
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Self

import msgspec

from shared.contracts.topics import Topic
from shared.io.object_store import ObjectInfo, ObjectStore

VARIABLE: Final = "TRAINER_TEST_ORDERS"
EFFECTS: Final = {
    "decision": "/decision.json",
    "lease": "/lease.json",
    "checkpoint": "/checkpoints/latest.json",
    "logs": "/tensorboard/",
    "file": "/files/",
    "claim": "-task/runs/",
    "version": "/versions/",
    "verdict": "/verdicts/",
    "alias": "/aliases.json",
    "outcome": "/outcome.json",
}
"""What can be struck after, and the part of a key that tells of it; `event` is told by who sends it."""


class Orders(msgspec.Struct, frozen=True):
    """The prefix of a flywheel's topics, and blows: each comes once, right after its effect.

    A blow is `<whom>-<effect>@<dataset version>`, where `child` strikes the training process, `both` its parent too.
    """

    prefix: str
    folder: str
    group: str
    blows: tuple[str, ...] = ()

    @classmethod
    def given(cls) -> Self:
        """Read the orders that the environment names."""
        return msgspec.json.decode(Path(os.environ[VARIABLE]).read_bytes(), type=cls)


class Fate:
    """Deals the blows that are due on one dataset version, or on the one that a key of a run names."""

    def __init__(self, orders: Orders, version: int | None, strike: Callable[[str], None]) -> None:
        """Have `strike` deal a blow to whom it is for."""
        self._orders = orders
        self._version = version
        self._strike = strike

    def after(self, effect: str, key: str = "") -> None:
        """Take what comes after an effect that is now durable; `key` is where it was written."""
        worked_on = self._version or _version_of(key)
        for blow in self._orders.blows:
            whom, _, what = blow.partition("-")
            named, _, version = what.partition("@")
            if named == effect and worked_on == int(version) and self._first(blow):
                self._strike(whom)

    def _first(self, blow: str) -> bool:
        try:
            Path(self._orders.folder, blow).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


class FatedStore:
    """An object store whose writes are effects."""

    def __init__(self, store: ObjectStore, after: Callable[[str, str], None]) -> None:
        """Write to `store`; `after` is told of each effect, and of its key."""
        self._store = store
        self._after = after

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        """Give what the store has; what writes counts as an effect."""
        method = getattr(self._store, name)
        if name not in ("put", "create", "replace", "upload"):
            return method

        def write(key: str, *arguments: Any, **options: Any) -> ObjectInfo:  # noqa: ANN401
            info: ObjectInfo = method(key, *arguments, **options)
            for effect, part in EFFECTS.items():
                if part in key:
                    self._after(effect, key)
            return info

        return write


def _version_of(key: str) -> int | None:
    """Give the dataset version of a run's key."""
    found = re.search(r"/(\d{8})/", key)
    return int(found[1]) if found else None


def kill(*processes: int) -> None:
    """End processes at once, ourselves last."""
    for process in processes:
        os.kill(process, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def renamed(topic: Topic[Any], name: str) -> Topic[Any]:
    """Give a topic under another name."""
    return replace(topic, name=name)
