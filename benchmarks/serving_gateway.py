"""Our gateway with one of the benchmark's models: `python -m benchmarks.serving_gateway PORT KAFKA [FOLDER]`.

All that it does for a request is done: key, limits, batcher, signed id, metrics, and the record on a real Kafka.
Without a folder the model costs nothing, and gives the same answer to all.
"""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import SecretStr

from benchmarks.serving_model import LABELS, load
from services.gateway.app import Parts, create_app
from services.gateway.events import KafkaEvents
from services.gateway.server import serve
from services.gateway.serving import BATCH_TEXTS, Predictor, ServedModel, Shelf
from services.gateway.settings import GatewaySettings
from shared.encoding.spec import Encoding, NgramSpec
from shared.models.manifest import Cost, ModelManifest
from shared.models.runtime import LoadedModel

KEY: Final = "the-key-of-the-benchmark"
MODEL: Final = "application"


class NullModel:
    """Says the same of every text; of no more at once than the gateway asks."""

    def __init__(self) -> None:
        """Make the answer."""
        self._rows = np.full((BATCH_TEXTS, len(LABELS)), 1 / len(LABELS), dtype=np.float32)

    def predict(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Give it, (texts, labels)."""
        return self._rows[: len(texts)]


def served(predictor: Predictor) -> ServedModel:
    """Put a model into the form in which it is served."""
    encoding = predictor.encoding if isinstance(predictor, LoadedModel) else Encoding(ngrams=NgramSpec())
    now = datetime.now(UTC)
    manifest = ModelManifest(
        model=MODEL,
        version=1,
        task=MODEL,
        kind="text-classification",
        run=f"{MODEL}/00000001/benchmark",
        created_at=now,
        labels=LABELS,
        encoding=encoding,
        files={},
        dataset="benchmark",
        dataset_version=1,
        dataset_sha256="",
        cost=Cost(rows=0, seconds=0, cpu_seconds=0),
    )
    return ServedModel(manifest, predictor, now)


def main(port: int, kafka: str, folder: Path | None) -> None:
    """Serve until a signal."""
    settings = GatewaySettings(
        port=port, api_key=SecretStr(KEY), request_secret=SecretStr("the-secret-of-the-benchmark")
    )
    shelf = Shelf([MODEL])
    shelf.slots[MODEL].serve(served(load(folder) if folder else NullModel()))
    app = create_app(settings, Parts(shelf=shelf, events=KafkaEvents(kafka)))
    serve(app, settings)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]) if len(sys.argv) > 3 else None)  # noqa: PLR2004 - see above
