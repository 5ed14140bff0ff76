"""A gateway with all that it stands on in memory: models in a store, signed; and HTTP without a network."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import numpy as np
from cryptography.hazmat.primitives.serialization import Encoding as KeyEncoding
from cryptography.hazmat.primitives.serialization import PublicFormat
from pydantic import SecretStr

from services.gateway.app import Companion, Gateway, Parts, create_app
from services.gateway.loader import Loader
from services.gateway.metrics import GatewayMetrics
from services.gateway.serving import Shelf
from services.gateway.settings import GatewaySettings
from services.gateway.watcher import Watcher
from services.trainer.head_graph import build_head
from shared.contracts.topics import FEEDBACK_RECEIVED, PREDICTIONS_RECORDED
from shared.encoding.ngrams import NgramFeatures
from shared.encoding.spec import Encoding, NgramSpec
from shared.io.memory import MemoryObjectStore, MemoryProducer
from shared.io.object_store import ObjectStore
from shared.io.outage import Outage
from shared.io.record import OutgoingRecord
from shared.models.manifest import GOLDEN, GoldenAnswer, ModelManifest
from shared.models.runtime import LoadedModel
from shared.models.signing import Signer
from shared.models.store import ModelStore
from tests.shared.models.builders import manifest, signer

MODEL: Final = "topic"
LABELS: Final = ("calc", "writer")
TEXTS: Final = ("add up a column", "number the pages", "合并单元格")
ENCODING: Final = Encoding(ngrams=NgramSpec(shortest=1, longest=2, buckets=256))
KEY: Final = "the-key-of-the-tests"
AT: Final = datetime(2026, 11, 24, 9, tzinfo=UTC)


def write_model(folder: Path, favoured: str, size: int = 256) -> dict[str, Path]:
    """Write a model that says `favoured` of everything, about nine times out of ten sure."""
    folder.mkdir(parents=True, exist_ok=True)
    NgramFeatures.fit(TEXTS, ENCODING).save(folder)
    table = np.random.default_rng(len(favoured)).normal(scale=0.1, size=(size, len(LABELS))).astype(np.float32)
    bias = np.array([2.0 if label == favoured else 0.0 for label in LABELS], dtype=np.float32)
    build_head(folder / "head.onnx", table, None, bias, 1.0)
    files = {path.name: path for path in folder.iterdir()}
    model = LoadedModel.load(files, LABELS, ENCODING, "fp32")
    golden = [GoldenAnswer(text=text, probabilities=tuple(model.predict([text])[0].tolist())) for text in TEXTS]
    (folder / GOLDEN).write_bytes(msgspec.json.encode(golden))
    return files | {GOLDEN: folder / GOLDEN}


def publish(  # noqa: PLR0913 - what may differ between versions, each by its name
    store: ObjectStore,
    folder: Path,
    favoured: str = "writer",
    *,
    model: str = MODEL,
    by: Signer | None = None,
    spoil: Callable[[dict[str, Path]], object] = lambda _: None,
    **said: Any,  # noqa: ANN401 - fields of the manifest
) -> ModelManifest:
    """Publish the next version; `spoil` does something to its files before."""
    models = ModelStore(store, model)
    number = len(models.versions()) + 1
    files = write_model(folder / f"{model}-{number}", favoured)
    spoil(files)
    made = manifest(
        {name: models.put_file(path) for name, path in files.items()},
        model=model,
        run=f"{model}/{number:08d}/ngrams",
        labels=LABELS,
        encoding=ENCODING,
        **said,
    )
    return models.publish(made, by or signer())


def promote(store: ObjectStore, version: int, model: str = MODEL) -> None:
    """Let `version` be the champion."""
    models = ModelStore(store, model)
    before = models.aliases()
    over = before.champion if before else None
    models.promote(version, over=over, verdict=f"{version}-over-{over}", by="test", reason="for the test", at=AT)


def trust(folder: Path, *signers: Signer) -> None:
    """Let `folder` hold the public keys of `signers` alone, by default of `signer()`."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.pem"):
        old.unlink()
    for one in signers or (signer(),):
        pem = one.public_key.public_bytes(KeyEncoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (folder / f"{one.key_id}.pem").write_bytes(pem)


class MemoryEvents:
    """Keeps events in memory (see `Events`); while `away` it takes none."""

    def __init__(self) -> None:
        """Start empty."""
        self.producer = MemoryProducer([PREDICTIONS_RECORDED.name, FEEDBACK_RECEIVED.name])
        self.away = False

    async def send(self, record: OutgoingRecord) -> None:
        """Keep one record."""
        await self.send_batch([record])

    async def send_batch(self, records: Sequence[OutgoingRecord]) -> int:
        """Keep them all."""
        if self.away:
            raise Outage("Kafka is away, says the test")
        for record in records:
            await self.producer.deliver(record)
        return len(records)

    async def stop(self) -> None:
        """Do nothing."""

    def messages(self, topic: Any) -> list[Any]:  # noqa: ANN401 - of any topic
        """Give what a topic holds, decoded."""
        return [msgspec.json.decode(one.value or b"", type=topic.message) for one in self.producer.records(topic.name)]


def settings(**changes: Any) -> GatewaySettings:  # noqa: ANN401 - any field
    """Give settings with a key and a secret; `changes` are fields."""
    said: dict[str, Any] = {"api_key": SecretStr(KEY), "request_secret": SecretStr("a-secret-of-the-tests")}
    return GatewaySettings.model_validate({**said, **changes})


@dataclass
class World:
    """A gateway and its surroundings, under a folder of the test's."""

    folder: Path
    names: Sequence[str] = (MODEL,)
    changes: dict[str, Any] = field(default_factory=dict)
    review: Any = "auto"
    languages: Sequence[str] = ("en", "zh")
    companions: Sequence[Companion] = ()
    store: ObjectStore = field(default_factory=MemoryObjectStore)
    now: datetime = AT

    def __post_init__(self) -> None:
        """Put the parts together."""
        trust(self.trusted)
        self.settings = settings(model_cache=self.folder / "cache", **self.changes)
        self.shelf, self.events, self.metrics = Shelf(self.names), MemoryEvents(), GatewayMetrics()
        self.watcher = Watcher(
            shelf=self.shelf,
            stores={name: ModelStore(self.store, name) for name in self.names},
            loader=Loader(self.trusted, self.settings.model_cache, 1_000.0, lambda: self.now),
            metrics=self.metrics,
            poll_seconds=0.02,
        )
        parts = Parts(
            shelf=self.shelf,
            events=self.events,
            review=self.review,
            languages=dict.fromkeys(self.names, self.languages),
            metrics=self.metrics,
            companions=self.companions,
            now=lambda: self.now,
        )
        self.app: Gateway = create_app(self.settings, parts)

    @property
    def trusted(self) -> Path:
        """The folder of trusted keys."""
        return self.folder / "trusted"

    def publish(self, favoured: str = "writer", **said: Any) -> int:  # noqa: ANN401 - see `publish`
        """Publish and promote a version; give its number."""
        model = said.get("model", MODEL)
        version = publish(self.store, self.folder / "made", favoured, **said).version
        promote(self.store, version, model)
        return version

    async def look(self, model: str = MODEL) -> None:
        """Look at the alias of `model` once."""
        await self.watcher.look(self.shelf.slots[model])

    @property
    def failures(self) -> dict[str, float]:
        """Count swaps that failed, by reason."""
        return self.counts("millrace_model_swap_failed_total", "reason")

    def counts(self, metric: str, label: str) -> dict[str, float]:
        """Give a counter's values, by one of its labels."""
        samples = (sample for family in self.metrics.registry.collect() for sample in family.samples)
        return {sample.labels[label]: sample.value for sample in samples if sample.name == metric}

    @asynccontextmanager
    async def client(self, key: str | None = KEY) -> AsyncIterator[httpx.AsyncClient]:
        """Run the application, and give a client of it that sends `key`."""
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=True)
        async with (
            running(self.app),
            httpx.AsyncClient(transport=transport, base_url="http://gateway", headers=headers) as client,
        ):
            yield client


@asynccontextmanager
async def running(app: Gateway) -> AsyncIterator[None]:
    """Run the application's lifespan, without its protocol."""
    async with app.lifespan(app):
        yield
