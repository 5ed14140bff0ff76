"""What the platform is told when an alias points at another version: the same words, whoever moved it."""

import hashlib

from shared.contracts.message import ClaimCheck
from shared.contracts.releases import ModelPublished
from shared.models.aliases import CHAMPION, Aliases
from shared.models.manifest import ModelManifest, version_key


def published(manifest: ModelManifest, aliases: Aliases, envelope: bytes, bucket: str) -> ModelPublished:
    """Say that `aliases` name this version the champion; `envelope` is its signed manifest, in `bucket`."""
    return ModelPublished(
        model=manifest.model,
        version=manifest.version,
        alias=CHAMPION,
        task=manifest.task,
        manifest=ClaimCheck(
            bucket=bucket,
            key=version_key(manifest.model, manifest.version),
            offset=0,
            length=len(envelope),
            sha256=hashlib.sha256(envelope).hexdigest(),
        ),
        dataset=manifest.dataset,
        dataset_version=manifest.dataset_version,
        verdict=aliases.verdict,
        published_at=aliases.at,
        previous_version=aliases.previous,
        metrics=manifest.metrics,
    )


def event_id(model: str, aliases: Aliases) -> str:
    """Name the event of one change of a model's aliases: 32 hex digits, the same whoever sends it, and when."""
    return hashlib.sha256(f"{model}\n{aliases.revision}".encode()).hexdigest()[:32]
