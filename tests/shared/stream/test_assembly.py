"""What a service is put together from its settings."""

import asyncio
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from infra.local.servers import Endpoints
from shared.io.s3 import S3ObjectStore
from shared.settings import KafkaSettings, StreamSettings, TelemetrySettings, home
from shared.stream.assembly import Plugs, Settings, assemble
from shared.stream.engines.plain_engine import PlainEngine
from shared.stream.halt import Halted, halt_key
from shared.stream.halts import Halts
from tests.fault_proxy import Fault, FaultProxy
from tests.shared.stream.numbered.service import SERVICE, RecordingCommitter
from tests.shared.stream.test_halt import MARKER

pytestmark = pytest.mark.integration


@pytest.fixture
def settings(servers: Endpoints, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Give settings for the session's servers."""
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path))
    return Settings(
        KafkaSettings(bootstrap_servers=servers.kafka_bootstrap),
        servers.s3,
        StreamSettings(engine="aiokafka", pool_workers=1, outage_seconds=5),
        TelemetrySettings(),
    )


async def test_the_settings_choose_the_engine_and_every_port(settings: Settings) -> None:
    """The first process of a service has its first name."""
    async with assemble(SERVICE, settings, Plugs(RecordingCommitter)) as assembly:
        assert isinstance(assembly.engine, PlainEngine)
        assert isinstance(assembly.runner.ports.committer, RecordingCommitter)
        assert assembly.runner.marker is None
        assert (home() / "run" / f"{SERVICE.name}-0.lock").exists()


async def test_a_halted_service_does_no_work_before_it_is_resumed(settings: Settings) -> None:
    """The marker is found before anything is started."""
    store = S3ObjectStore.from_settings(settings.store)
    Halts(store).halt(msgspec.structs.replace(MARKER, service=SERVICE.name))
    try:
        with pytest.raises(Halted, match="millrace resume"):
            async with assemble(SERVICE, settings, Plugs()):
                pass
    finally:
        store.delete(halt_key(SERVICE.name))


async def test_retries_of_the_store_are_counted(settings: Settings, tmp_path: Path) -> None:
    """So that an outage is seen on a dashboard before it is one."""
    with FaultProxy(urlsplit(settings.store.endpoint).netloc) as proxy:
        store = settings.store.model_copy(update={"endpoint": f"http://{proxy.address}"})
        async with assemble(SERVICE, replace(settings, store=store), Plugs()) as assembly:
            proxy.order(Fault.UNAVAILABLE, Fault.RESET)
            await asyncio.to_thread(assembly.runner.ports.store.put, f"{tmp_path.name}/x", b"x")
            registry = assembly.runner.ports.metrics.registry
            labels = {"service": SERVICE.name, "target": "s3"}
            assert registry.get_sample_value("millrace_retries_total", labels) == 2
