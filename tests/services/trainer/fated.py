"""The training process of the tests: the tiny task, and a blow where the orders say so."""

import multiprocessing
from multiprocessing.connection import Connection
from typing import Any

from services.trainer import child
from services.trainer.execution import Execution
from services.trainer.order import Job
from services.trainer.publication import Announcer
from shared.io.s3 import S3ObjectStore
from shared.settings import StoreSettings
from tests.services.trainer.orders import Fate, FatedStore, Orders, kill
from tests.services.trainer.tiny import Tiny


def work(job: Job, pipe: Connection) -> None:
    """Carry out `job` with the tiny task, as far as fate lets it."""
    fate = Fate(Orders.given(), job.order.dataset.version, _strike)

    class FatedS3:
        """Stores whose writes are effects."""

        @classmethod
        def from_settings(cls, settings: StoreSettings) -> FatedStore:
            """Give one."""
            return FatedStore(S3ObjectStore.from_settings(settings), fate.after)

    class FatedAnnouncer(Announcer):
        """Events that are effects."""

        def tell(self, *arguments: Any) -> None:  # noqa: ANN401 - whatever is told
            """Send, and take what comes."""
            super().tell(*arguments)
            fate.after("event")

    setattr(child, "S3ObjectStore", FatedS3)  # noqa: B010 - the one place where the child gets it from
    setattr(child, "Announcer", FatedAnnouncer)  # noqa: B010 - see above
    child.work(job, pipe, {"text-classification": Tiny})


def _strike(whom: str) -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    assert parent.pid is not None
    kill(*([parent.pid] if whom == "both" else []))


__all__ = ["Execution", "work"]
