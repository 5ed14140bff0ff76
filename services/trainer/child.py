"""The process of one run: it sets itself up, carries out its order, and says how that ended."""

import logging
import signal
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from multiprocessing.connection import Connection
from typing import Final

import structlog

from services.trainer.execution import Bench, Execution
from services.trainer.machine import Machine
from services.trainer.machine_faults import machine_fault
from services.trainer.order import Done, End, Failed, Job, Progress, Superseded, Unavailable
from services.trainer.publication import SERVICE, Announcer
from services.trainer.registry import show
from services.trainer.tasks.task import Task
from shared.io.object_store import ObjectStore
from shared.io.outage import Misconfigured, Outage
from shared.io.s3 import S3ObjectStore
from shared.models.run_store import LeaseLost
from shared.models.signing import Signer, Trust
from shared.stream.memory_bound import bound_memory
from shared.stream.parent import tie_to_parent
from shared.telemetry.logging import configure_logging

log = structlog.get_logger()

CHATTY_LOGGERS: Final = ("mlflow", "onnx_ir", "onnxscript", "pytorch_lightning", "torch", "transformers")
"""Libraries that tell hundreds of small steps."""

Tasks = Mapping[str, Callable[[Machine], Task]]


def work(job: Job, pipe: Connection, tasks: Tasks) -> None:
    """Carry out `job`, and send by `pipe` how it goes and how it ended; signals are the parent's to handle."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    tie_to_parent()
    configure_logging(SERVICE, job.telemetry)
    for name in CHATTY_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    bound_memory(job.memory_bytes)
    with closing(S3ObjectStore.from_settings(job.servers.store)) as store:
        pipe.send(ended(lambda: carry_out(job, store, pipe, tasks)))


def ended(run: Callable[[], End]) -> End:
    """Do `run`, and say how it ended, whatever it raises."""
    try:
        return run()
    except LeaseLost:
        return Superseded()
    except Misconfigured as error:
        return Unavailable(str(error), misconfigured=True)
    except Outage as error:
        return Unavailable(str(error))
    except Exception as error:  # a run's bug must not hold up all others
        if fault := machine_fault(error):
            return Unavailable(fault)
        log.exception("run_failed")
        return Failed(type(error).__name__, str(error))


def carry_out(job: Job, store: ObjectStore, pipe: Connection, tasks: Tasks) -> End:
    """Execute the run with `store`; raises as `Execution.run` does."""
    servers = job.servers
    bench = Bench(
        store=store,
        signer=Signer.from_file(servers.signing.key_file),
        trust=Trust.from_folder(servers.signing.trusted_folder),
        tell=Announcer(servers.kafka, job.topic, servers.store.bucket).tell,
        show=partial(show, servers.registry, bucket=servers.store.bucket),
        task=tasks[job.order.task.kind](job.machine),
        folder=job.folder,
        cache=job.cache,
        threads=job.machine.threads,
        now=lambda: datetime.now(UTC),
        progress=lambda text: pipe.send(Progress(text)),
    )
    execution = Execution(job.order, job.lease, bench)
    return Done(execution.run(), execution.stages.seconds, execution.unshown)
