"""Short constructors of rows, shards and manifests, and a dataset in memory to put them in."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import msgspec

from shared.contracts.documents import Lineage
from shared.contracts.split import Split
from shared.datasets.live import Tombstones, content_hash, count_rows
from shared.datasets.manifest import Manifest, Reason, Tombstone
from shared.datasets.rows import Row, edition_of, row_id_of
from shared.datasets.store import DatasetStore
from shared.io.memory import MemoryObjectStore

AT = datetime(2026, 7, 1, 12, tzinfo=UTC)
UNSTORABLE: tuple[dict[str, int | datetime], ...] = (
    {"op_version": 2**31},
    {"op_version": -(2**31) - 1},
    {"seed": 2**63},
    {"seed": -(2**63) - 1},
    {"fetched_at": datetime.fromisoformat("0001-01-01T00:00:00+14:00")},
    {"fetched_at": datetime.fromisoformat("9999-12-31T23:00:00-12:00")},
)
"""What of a lineage can be written on the wire, and in no shard."""


def lineage(**changes: object) -> Lineage:
    """Give a lineage that is valid but for what a test changes."""
    base = Lineage(
        source="help",
        url="http://127.0.0.1/en/a.html",
        fetched_at=AT,
        licence="MPL-2.0",
        content_hash="c0",
        group_id="help:/a.html",
        rule_set="1-00000000",
    )
    return msgspec.structs.replace(base, **changes)


def row(document: str = "d1", *, made: Lineage | None = None, **changes: object) -> Row:
    """Give a row whose ids follow from its document and lineage, as the builder makes them."""
    made = lineage() if made is None else made
    base = Row(
        row_id="",
        document_id=document,
        edition=edition_of(made),
        kind="page",
        part=0,
        text=f"text of {document}",
        title="",
        language="en",
        split=Split.TRAIN,
        labels={},
        lineage=made,
    )
    changed = msgspec.structs.replace(base, **changes)
    named = row_id_of(document, made, changed.kind, changed.part)
    return msgspec.structs.replace(changed, row_id=changed.row_id or named)


def rows(count: int, *, start: int = 0, **changes: object) -> list[Row]:
    """Give rows of as many documents, each a group of its own."""
    hint = changes.get("split", Split.TRAIN)
    return [
        row(f"d{number}", made=lineage(group_id=f"g{number}", split_hint=hint), **changes)
        for number in range(start, start + count)
    ]


def stone(of: Row, reason: Reason = "superseded") -> Tombstone:
    """Give the tombstone of a row's edition."""
    return Tombstone(document_id=of.document_id, edition=of.edition, reason=reason)


def dataset(name: str = "help") -> DatasetStore:
    """Give an empty dataset in memory."""
    return DatasetStore(MemoryObjectStore(), name)


def manifest(
    store: DatasetStore, shards: Sequence[Sequence[Row]], stones: Iterable[Tombstone] = (), **changes: object
) -> Manifest:
    """Write shards, and give the manifest of the next version that says all of them truly, but for the changes."""
    entries = tuple(store.put_shard(shard) for shard in shards)
    tombstones = tuple(sorted(stones))
    live = Tombstones(tombstones).live(one for shard in shards for one in shard)
    head = store.head()
    base = Manifest(
        dataset=store.dataset,
        version=1 if head is None else head.version + 1,
        parent=None if head is None else head.version,
        created_at=AT,
        writer="test",
        shards=entries,
        tombstones=tombstones,
        rows=count_rows(live),
    )
    made = msgspec.structs.replace(base, **changes)
    return msgspec.structs.replace(made, content_hash=made.content_hash or content_hash(made))
