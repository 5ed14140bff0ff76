"""Run a trainer on a test's topics: `python -m tests.services.trainer.worker`, with its orders in the environment."""

import sys
from dataclasses import replace

from services.trainer import app
from shared.contracts.topics import DATASETS_READY, MODELS_PUBLISHED
from shared.io.s3 import S3ObjectStore
from shared.settings import StoreSettings
from shared.stream.ending import ended, stop_signal
from shared.telemetry.logging import configure_logging
from tests.services.trainer.orders import Fate, FatedStore, Orders, kill, renamed

ENTRY = "tests.services.trainer.fated:work"


class FatedS3:
    """Stores whose writes are effects, for the parent."""

    @classmethod
    def from_settings(cls, settings: StoreSettings) -> FatedStore:
        """Give one."""
        return FatedStore(S3ObjectStore.from_settings(settings), Fate(Orders.given(), None, lambda _: kill()).after)


def trainer(orders: Orders) -> app.Trainer:
    """Make the trainer that the environment asks for, on the topics of the orders, with the tiny task."""
    return replace(
        app.Trainer.configured(),
        source=renamed(DATASETS_READY, f"{orders.prefix}-ready"),
        target=renamed(MODELS_PUBLISHED, f"{orders.prefix}-models"),
        group=orders.group,
        entry=ENTRY,
        preload=(
            "services.trainer.tied",
            "tests.services.trainer.light",
            "tests.services.trainer.fated",
            "services.trainer.app",
        ),
    )


if __name__ == "__main__":
    setattr(app, "S3ObjectStore", FatedS3)  # noqa: B010 - the one place where the app gets it from
    made = trainer(Orders.given())
    configure_logging("trainer", made.telemetry)
    stop = stop_signal()
    sys.exit(ended(lambda: made.serve(stop)))
