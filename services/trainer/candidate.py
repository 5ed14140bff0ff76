"""A published version as the package that it was, for a run that goes on after its publication."""

from pathlib import Path

from services.trainer.tasks.task import Package
from shared.models.manifest import ENCODER, ModelManifest
from shared.models.runtime import serving_files
from shared.models.store import ModelStore


def fetched(models: ModelStore, manifest: ModelManifest, folder: Path, cache: Path) -> Package:
    """Bring the files that a version is judged by to `folder`, by way of `cache`; raises `DamagedFile`."""
    wanted = set(serving_files(manifest.encoding, manifest.precision))
    if manifest.precision == "int8" and ENCODER["fp32"] in manifest.files:
        wanted |= set(serving_files(manifest.encoding, "fp32"))
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in models.fetch(manifest, sorted(wanted), cache).items():
        (folder / name).symlink_to(path.absolute())
    return Package(
        folder=folder,
        labels=manifest.labels,
        encoding=manifest.encoding,
        precision=manifest.precision,
        int8_refusal=manifest.int8_refusal,
    )
