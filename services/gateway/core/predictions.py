"""A prediction: its request id, and the record that is kept of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from services.gateway.core.request_ids import Claim, RequestIds, tag
from shared.contracts.predictions import PredictionRecorded
from shared.contracts.timestamp import to_milliseconds
from shared.models.manifest import ModelManifest
from shared.text.fingerprint import text_hash


class ModelFacts(NamedTuple):
    """What stands in every answer of a version; the tags are for request ids."""

    name: str
    version: int
    dataset_version: int
    labels: tuple[str, ...]
    tag: bytes
    label_tags: tuple[bytes, ...]


class Asked(NamedTuple):
    """A request: when it came, how long its answer took, and whether its texts may be kept."""

    at: datetime
    microseconds: int
    consent: bool


def facts_of(manifest: ModelManifest) -> ModelFacts:
    """Look up once what every answer needs."""
    labels = manifest.labels
    return ModelFacts(
        manifest.model, manifest.version, manifest.dataset_version, labels, tag(manifest.model), tuple(map(tag, labels))
    )


def prediction(facts: ModelFacts, text: str, row: Sequence[float], ids: RequestIds, asked: Asked) -> PredictionRecorded:
    """Give the answer to `text` as it is recorded; `row` has the probabilities, (labels,)."""
    place = best(row)
    input_hash = text_hash(text)
    claim = Claim(facts.tag, facts.label_tags[place], facts.version, facts.dataset_version, input_hash)
    return PredictionRecorded(
        request_id=ids.issue(claim, to_milliseconds(asked.at)),
        customer=ids.customer,
        model=facts.name,
        model_version=facts.version,
        dataset_version=facts.dataset_version,
        input_hash=input_hash.hex(),
        label=facts.labels[place],
        at=asked.at,
        probabilities=dict(zip(facts.labels, row, strict=True)),
        latency_microseconds=asked.microseconds,
        text=text if asked.consent else None,
    )


def best(row: Sequence[float]) -> int:
    """Give the place of the highest probability, the first of equal ones."""
    return row.index(max(row))
