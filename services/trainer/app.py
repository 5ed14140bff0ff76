"""The process: its settings, its servers, its signals, and one exit code for each way to end (see `Exit`)."""

import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from threading import Event
from typing import Final

import structlog

from services.trainer.executor import ENTRY, Executor, say_in_the_log
from services.trainer.health import TrainerHealth
from services.trainer.listener import GROUP, Listener
from services.trainer.metrics import SERVICE, TrainerMetrics
from services.trainer.order import Servers
from services.trainer.scheduler import Scheduler
from services.trainer.settings import RegistrySettings, TrainerSettings
from services.trainer.warm import PRELOAD, Warm
from shared.contracts.datasets import DatasetReady
from shared.contracts.releases import ModelPublished
from shared.contracts.topics import DATASETS_READY, MODELS_PUBLISHED, Topic
from shared.flywheel.config import Flywheel
from shared.flywheel.load import configured_flywheel
from shared.io.s3 import S3ObjectStore
from shared.models.run_store import RunStore
from shared.models.signing import Signer, Trust
from shared.settings import KafkaSettings, SigningSettings, StoreSettings, TelemetrySettings, home, load
from shared.stream.ending import ended, stop_signal
from shared.stream.membership import instance_id
from shared.stream.refusal import refusing
from shared.telemetry.health import serve_health
from shared.telemetry.logging import configure_logging

BY_HAND: Final = f"{SERVICE}-by-hand"
"""The service that a run by hand is named for."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Trainer:
    """The trainer of one flywheel, with all that it is told; what has a default is so for tests alone."""

    flywheel: Flywheel
    servers: Servers
    telemetry: TelemetrySettings
    settings: TrainerSettings
    source: Topic[DatasetReady] = DATASETS_READY
    target: Topic[ModelPublished] = MODELS_PUBLISHED
    group: str = GROUP
    entry: str = ENTRY
    preload: tuple[str, ...] = PRELOAD

    @classmethod
    def configured(cls) -> "Trainer":
        """Read what the environment says; raises `SettingsError`."""
        servers = Servers(
            kafka=load(KafkaSettings),
            store=load(StoreSettings),
            signing=load(SigningSettings),
            registry=load(RegistrySettings),
        )
        return cls(
            flywheel=configured_flywheel(),
            servers=servers,
            telemetry=load(TelemetrySettings),
            settings=load(TrainerSettings),
        )

    def serve(self, stop: Event) -> None:
        """Train on what is ready until `stop`; raises `Outage` and `Misconfigured`."""
        health, metrics = TrainerHealth(), TrainerMetrics()
        with (
            serve_health(SERVICE, self.telemetry, metrics.registry, health),
            self.scheduling(metrics, stop) as (scheduler, executor),
        ):
            executor.warm.begin()

            def waiting(versions: int) -> None:
                health.waiting(versions)
                metrics.waiting(versions)

            Listener(
                settings=self.servers.kafka,
                handle=scheduler.settle_all,
                instance=executor.folder.name,
                beat=health.beat,
                waiting=waiting,
                dead_lettered=metrics.dead_letter,
                topic=self.source.name,
                group=self.group,
            ).run(stop)

    @contextmanager
    def scheduling(
        self,
        metrics: TrainerMetrics,
        stop: Event,
        say: Callable[[str, str], None] = say_in_the_log,
        *,
        by_hand: bool = False,
    ) -> Iterator[tuple[Scheduler, Executor]]:
        """Give what decides and executes; `say` is told of each run what is done.

        `by_hand` gives it a name, and so leases and a folder, that no service has: a shell in a service's container has
        its settings, its instance's name among them. A missing key is told before anything is trained. Raises `Outage`
        and `Misconfigured`.
        """
        service, given = (BY_HAND, None) if by_hand else (SERVICE, self.settings.instance_id)
        Signer.from_file(self.servers.signing.key_file)
        with (
            closing(S3ObjectStore.from_settings(self.servers.store)) as store,
            instance_id(service, home() / "run", given) as name,
        ):
            store.check()
            executor = Executor(
                runs=RunStore(store),
                warm=Warm(self.settings.threads, self.preload),
                servers=self.servers,
                settings=self.settings,
                telemetry=self.telemetry,
                metrics=metrics,
                holder=f"{name}@{socket.gethostname()}:{home()}",
                folder=home() / "trainer" / name,
                stop=stop,
                say=say,
                topic=self.target,
                entry=self.entry,
            )
            log.info("started", instance=name, threads=self.settings.threads)
            yield Scheduler(self.flywheel, store, self.trust, executor), executor

    def trust(self) -> Trust:
        """Read which keys are believed now."""
        return Trust.from_folder(self.servers.signing.trusted_folder)


def main() -> int:
    """Run until a signal; gives the exit code."""
    with refusing(SERVICE):
        trainer = Trainer.configured()
    configure_logging(SERVICE, trainer.telemetry)
    stop = stop_signal()
    return ended(lambda: trainer.serve(stop))
