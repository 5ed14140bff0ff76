"""Run a dataset builder on a test's topics: `python -m tests.services.dataset_builder.worker ORDERS`.

`ORDERS` is a JSON file (`Orders`). It may have the process killed right after its n-th effect of a kind, once: the file
of that death is written first, and the next process goes on to the next death.
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
from shared.contracts.topics import DATASETS_READY, DOCUMENTS_AUGMENTED
from shared.flywheel.config import Flywheel
from shared.io.object_store import ObjectInfo, ObjectStore
from shared.settings import KafkaSettings, StoreSettings, load
from shared.stream.worker import main
from tests.services.dataset_builder.orders import EFFECTS, Orders, renamed


class Deaths:
    """Counts effects, and dies after the one that is next in the orders."""

    def __init__(self, orders: Orders) -> None:
        """Find the first death that has not been died."""
        self._left = [death for death in orders.deaths if not Path(orders.folder, death).exists()]
        self._folder = orders.folder
        self._counts = dict.fromkeys(EFFECTS, 0)

    def after(self, effect: str) -> None:
        """Count an effect that is now durable."""
        self._counts[effect] += 1
        if self._left and self._left[0] == f"{effect}-{self._counts[effect]}":
            Path(self._folder, self._left[0]).touch()
            os.kill(os.getpid(), signal.SIGKILL)


class DyingStore:
    """An object store that dies after some of its writes."""

    def __init__(self, store: ObjectStore, deaths: Deaths) -> None:
        """Write to `store`."""
        self._store = store
        self._deaths = deaths

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        """Give what the store has."""
        return getattr(self._store, name)

    def put(self, key: str, data: bytes, **options: Any) -> ObjectInfo:  # noqa: ANN401
        """Write, and die where that was ordered."""
        info = self._store.put(key, data, **options)
        self._count(key)
        return info

    def create(self, key: str, data: bytes, **options: Any) -> ObjectInfo:  # noqa: ANN401
        """Write, and die where that was ordered."""
        info = self._store.create(key, data, **options)
        self._count(key)
        return info

    def _count(self, key: str) -> None:
        for effect, part in EFFECTS.items():
            if part and part in key:
                self._deaths.after(effect)


def builder(orders: Orders, deaths: Deaths) -> app.Builder:
    """Make the builder, whose events count as effects."""

    class DyingAnnouncements(Announcements):
        """Announcements that may die after one."""

        def send(self, message: DatasetReady, envelope: Envelope) -> None:
            """Send, and die where that was ordered."""
            super().send(message, envelope)
            deaths.after("event")

    setattr(app, "Announcements", DyingAnnouncements)  # noqa: B010 - the one place where the app gets it from
    return app.Builder(
        flywheel=Flywheel.model_validate(orders.flywheel),
        settings=load(DatasetBuilderSettings),
        kafka=load(KafkaSettings),
        bucket=load(StoreSettings).bucket,
        source=renamed(DOCUMENTS_AUGMENTED, f"{orders.prefix}-in"),
        ready=renamed(DATASETS_READY, f"{orders.prefix}-ready"),
        name=f"{orders.prefix}-service",
    )


if __name__ == "__main__":
    given = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Orders)
    counted = Deaths(given)
    made = builder(given, counted)
    main(
        made.service(),
        lambda store: made.committer(DyingStore(store, counted)),
        companions=(lambda store: made.announce(DyingStore(store, counted)),),
    )
