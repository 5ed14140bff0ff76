"""Run a dataset builder on a test's topics: `python -m tests.services.dataset_builder.worker ORDERS`.

`ORDERS` is a JSON file (`Orders`), which may have the process killed, or frozen, right after any of its effects.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec

from services.dataset_builder import app
from services.dataset_builder.announcements import Announcements
from services.dataset_builder.settings import DatasetBuilderSettings
from shared.contracts.datasets import DatasetReady
from shared.contracts.envelope import Envelope
from shared.contracts.topics import DATASETS_READY, DOCUMENTS_AUGMENTED, FEEDBACK_RECEIVED
from shared.flywheel.config import Flywheel
from shared.io.object_store import ObjectInfo, ObjectStore
from shared.settings import KafkaSettings, StoreSettings, load
from shared.stream.worker import main
from tests.services.dataset_builder.orders import EFFECTS, Orders, renamed


class Fate:
    """Counts effects, and deals the blow that is next in the orders."""

    def __init__(self, orders: Orders) -> None:
        """Find the first blow that hasn't come."""
        self._left = [blow for blow in orders.blows if not Path(orders.folder, blow).exists()]
        self._folder = orders.folder
        self._counts = dict.fromkeys(EFFECTS, 0)

    def after(self, effect: str) -> None:
        """Count an effect that is now durable."""
        self._counts[effect] += 1
        if self._left and self._left[0].endswith(f"-{effect}-{self._counts[effect]}"):
            self._strike(self._left.pop(0))

    def _strike(self, blow: str) -> None:
        try:
            with Path(self._folder, blow).open("x") as file:
                file.write(str(os.getpid()))
        except FileExistsError:  # another builder was struck
            return
        os.kill(os.getpid(), signal.SIGKILL if blow.startswith("kill") else signal.SIGSTOP)


class FatedStore:
    """An object store whose writes are effects."""

    def __init__(self, store: ObjectStore, fate: Fate) -> None:
        """Write to `store`."""
        self._store = store
        self._fate = fate

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        """Give what the store has."""
        return getattr(self._store, name)

    def put(self, key: str, data: bytes, **options: Any) -> ObjectInfo:  # noqa: ANN401
        """Write, and take what comes."""
        info = self._store.put(key, data, **options)
        self._count(key)
        return info

    def create(self, key: str, data: bytes, **options: Any) -> ObjectInfo:  # noqa: ANN401
        """Write, and take what comes."""
        info = self._store.create(key, data, **options)
        self._count(key)
        return info

    def replace(self, key: str, data: bytes, **options: Any) -> ObjectInfo:  # noqa: ANN401
        """Write, and take what comes."""
        info = self._store.replace(key, data, **options)
        self._count(key)
        return info

    def _count(self, key: str) -> None:
        for effect, part in EFFECTS.items():
            if part and part in key:
                self._fate.after(effect)


def builder(orders: Orders, fate: Fate) -> app.Builder:
    """Make the builder, whose events count as effects."""

    class FatedAnnouncements(Announcements):
        """Announcements that are effects."""

        def send(self, message: DatasetReady, envelope: Envelope) -> None:
            """Send, and take what comes."""
            super().send(message, envelope)
            fate.after("event")

    setattr(app, "Announcements", FatedAnnouncements)  # noqa: B010 - the one place where the app gets it from
    return app.Builder(
        flywheel=Flywheel.model_validate(orders.flywheel),
        settings=load(DatasetBuilderSettings),
        kafka=load(KafkaSettings),
        bucket=load(StoreSettings).bucket,
        source=renamed(DOCUMENTS_AUGMENTED, f"{orders.prefix}-in"),
        feedback=renamed(FEEDBACK_RECEIVED, f"{orders.prefix}-words"),
        ready=renamed(DATASETS_READY, f"{orders.prefix}-ready"),
        name=f"{orders.prefix}-service",
    )


if __name__ == "__main__":
    given = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Orders)
    counted = Fate(given)
    made = builder(given, counted)
    main(
        made.service(),
        lambda store: made.committer(FatedStore(store, counted)),
        companions=(lambda store: made.announce(FatedStore(store, counted)),),
    )
