"""Reads what the readiness policy compares the head with."""

from shared.datasets.erased import ErasedVersions
from shared.datasets.manifest import Manifest
from shared.datasets.readiness import Last
from shared.datasets.ready import ReadyRecords
from shared.datasets.store import DatasetStore, NoSuchVersion


def last_ready(datasets: DatasetStore, head: Manifest, known: Last | None = None) -> Last:
    """Read the last version that was ready; where none was, the oldest version that there is is the beginning.

    `known` is what was read before, which saves reading its manifest again. A version that a page was erased from since
    has no content any more, so that any other is different. Raises `Outage`.
    """
    records = ReadyRecords(datasets.store, datasets.dataset)
    versions = records.versions()
    record = records.read(versions[-1]) if versions else None
    if record is None:
        first = _manifest(datasets, 1) or _manifest(datasets, min(datasets.versions(), default=head.version)) or head
        return Last(version=0, at=first.created_at)
    erased = ErasedVersions(datasets.store, datasets.dataset).read(record.version) is not None
    if known is not None and known.version == record.version and not erased:
        return known
    manifest = _manifest(datasets, record.version)
    return Last(
        version=record.version,
        at=record.created_at,
        train_rows=record.train_rows,
        corrections=record.corrections,
        content_hash="" if manifest is None else manifest.content_hash,
        next_offsets={} if manifest is None else manifest.next_offsets,
    )


def _manifest(datasets: DatasetStore, version: int) -> Manifest | None:
    try:
        return datasets.read(version)
    except NoSuchVersion:
        return None
