"""Puts a stream service together: its runner, its engine, and the adapters that its settings name."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import structlog

from shared.io.object_store import ObjectStore
from shared.io.retry import RetryPolicy, Timing
from shared.io.s3 import S3ObjectStore
from shared.settings import KafkaSettings, StoreSettings, StreamSettings, TelemetrySettings, home
from shared.stream.attempt import Work
from shared.stream.children import SETTLE_TIMEOUTS, Children
from shared.stream.engines import ENGINES
from shared.stream.engines.engine import Engine, Subscription
from shared.stream.halt import DeadLetterLimit, Halted, HaltMarker
from shared.stream.halts import Halts
from shared.stream.lag import LagMeter
from shared.stream.membership import instance_id, leave, member_name
from shared.stream.runner import Ports, Runner
from shared.stream.sender import KafkaSender
from shared.stream.service import Committer, Settler, StreamService
from shared.stream.watch import Watchdog
from shared.telemetry.health import Liveness, serve_health
from shared.telemetry.metrics import StreamMetrics
from shared.version import VERSION

log = structlog.get_logger(__name__)

MakeCommitter = Callable[[ObjectStore], Committer]
MakeSettler = Callable[[ObjectStore], Settler]
Companion = Callable[[ObjectStore], Coroutine[Any, Any, None]]
"""Runs beside the service until it is cancelled; its end, or what it raises, ends the process."""

REBALANCE_SECONDS: Final = 60.0
"""How long the group waits for a member that is busy with a batch; past it the batch comes again elsewhere."""


@dataclass(frozen=True)
class Settings:
    """Everything that a stream service reads from its environment."""

    kafka: KafkaSettings
    store: StoreSettings
    stream: StreamSettings
    telemetry: TelemetrySettings


@dataclass(frozen=True)
class Plugs:
    """What a service brings beside its pure work."""

    make_committer: MakeCommitter | None = None
    make_settler: MakeSettler | None = None
    companions: Sequence[Companion] = ()


@dataclass(frozen=True)
class Assembly:
    """A service that is ready to run; `companions` are those of its plugs, with their store."""

    engine: Engine
    runner: Runner
    watchdog: Watchdog
    companions: Sequence[Callable[[], Coroutine[Any, Any, None]]]
    leave: Callable[[], None]


@asynccontextmanager
async def assemble(service: StreamService[Any], settings: Settings, plugs: Plugs) -> AsyncIterator[Assembly]:
    """Put `service` together; raises `Halted` where nobody has resumed it, and `Outage` where a server is away."""
    stream = settings.stream
    async with AsyncExitStack() as stack:
        metrics = StreamMetrics(service.name)
        liveness = Liveness(stream.watchdog_seconds)
        stack.enter_context(serve_health(service.name, settings.telemetry, metrics.registry, liveness))
        store = stack.enter_context(closing(_store(settings, metrics)))
        marker = await asyncio.to_thread(_resumed_marker, store, service.name)
        instance = stack.enter_context(instance_id(service.name, home() / "run", stream.instance_id))
        name = member_name(instance, service.sources)
        ports = Ports(
            pool=stack.enter_context(_children(Work(service, plugs.make_settler is not None), stream, metrics)),
            store=store,
            sender=await stack.enter_async_context(_sender(settings, metrics)),
            metrics=metrics,
            committer=None if plugs.make_committer is None else plugs.make_committer(store),
            settler=None if plugs.make_settler is None else plugs.make_settler(store),
        )
        limit = DeadLetterLimit(stream.dlq_max_ratio, stream.dlq_ratio_window, stream.dlq_max_run)
        runner = Runner(service, ports, limit, VERSION, marker)
        engine = ENGINES[stream.engine](_subscription(service, settings, name))
        log.info("started", instance=name, engine=stream.engine, topics=list(service.sources))
        servers = settings.kafka.bootstrap_servers
        watchdog = Watchdog(
            LagMeter(servers, list(service.sources), service.name),
            engine.assignment,
            metrics,
            liveness,
            stream.outage_seconds,
        )
        companions = [partial(companion, store) for companion in plugs.companions]
        yield Assembly(engine, runner, watchdog, companions, partial(leave, servers, service.name, name))


def _store(settings: Settings, metrics: StreamMetrics) -> S3ObjectStore:
    def pause(seconds: float) -> None:
        metrics.retried("s3", seconds)
        time.sleep(seconds)

    policy = RetryPolicy(total_seconds=settings.stream.outage_seconds)
    return S3ObjectStore.from_settings(settings.store, policy, Timing(sleep=pause))


def _resumed_marker(store: ObjectStore, service: str) -> HaltMarker | None:
    marker = Halts(store).read(service)
    if marker is not None and not marker.resumed:
        raise Halted(marker)
    return marker


def _children(work: Work[Any], stream: StreamSettings, metrics: StreamMetrics) -> closing[Children]:
    return closing(Children(work, stream.pool_workers, stream.process_timeout_seconds, metrics.pool_restarted))


@asynccontextmanager
async def _sender(settings: Settings, metrics: StreamMetrics) -> AsyncIterator[KafkaSender]:
    sender = KafkaSender(
        settings.kafka.bootstrap_servers, settings.stream.outage_seconds, partial(metrics.retried, "kafka")
    )
    await sender.start()
    try:
        yield sender
    finally:
        await sender.stop()


def _subscription(service: StreamService[Any], settings: Settings, name: str) -> Subscription:
    stream = settings.stream
    batch_seconds = (1 + SETTLE_TIMEOUTS) * stream.process_timeout_seconds
    return Subscription(
        bootstrap_servers=settings.kafka.bootstrap_servers,
        topics=tuple(service.sources),
        group=service.name,
        instance_id=name,
        batch_size=stream.batch_size,
        within_seconds=stream.within_seconds,
        session_seconds=stream.session_timeout_seconds,
        rebalance_seconds=REBALANCE_SECONDS,
        max_poll_seconds=2 * stream.outage_seconds + batch_seconds + REBALANCE_SECONDS,
        folder=home() / "run",
    )
