"""Short constructors for the curator's tests: pages with ids as spiders give them, their rows, packs and requests."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from shared.contracts.documents import Lineage
from shared.contracts.erasures import ErasureRequested
from shared.contracts.identity import document_id
from shared.contracts.split import Split
from shared.datasets.live import Tombstones, content_hash, count_rows
from shared.datasets.manifest import Manifest, Reason, ShardEntry, Tombstone
from shared.datasets.rows import Row, edition_of, row_id_of
from shared.datasets.store import DatasetStore
from shared.io.memory import MemoryObjectStore
from shared.io.object_store import ObjectStore
from shared.warc.pack import write_response

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def rounds(store: ObjectStore, in_memory: int) -> int:
    """Give how often to try what races: on a real store, where one takes a hundred times as long, a third."""
    return in_memory if isinstance(store, MemoryObjectStore) else in_memory // 3


def url(name: str) -> str:
    """Give the URL of a page."""
    return f"http://127.0.0.1/en/{name}.html"


def marker(name: str) -> str:
    """Give a text that is nowhere but in one page and what was made of it."""
    return f"marker-{hashlib.sha256(name.encode()).hexdigest()[:20]}"


def row(name: str, *, content: str = "c0", text: str = "", op: str = "", **changes: object) -> Row:
    """Give a row of the page `name`, whose text holds its marker; `op` makes it an augmented copy."""
    made = Lineage(
        source="help",
        url=url(name),
        fetched_at=NOW,
        licence="MPL-2.0",
        content_hash=content,
        group_id=f"help:/{name}",
        split_hint=changes.get("split", Split.TRAIN),  # type: ignore[arg-type]  # as the test names it
        rule_set="1-00000000",
        op=op,
        op_version=1 if op else 0,
        parent_id="p" * 32 if op else None,
    )
    id_ = document_id(url(name))
    base = Row(
        row_id=row_id_of(id_, made, "page", 0),
        document_id=id_,
        edition=edition_of(made),
        kind="page",
        part=0,
        text=text or f"{marker(name)} says {content}",
        title=f"title of {marker(name)}",
        language="en",
        split=Split.TRAIN,
        labels={"application": "calc"},
        lineage=made,
    )
    return msgspec.structs.replace(base, **changes)


def stone(of: Row, reason: Reason = "superseded") -> Tombstone:
    """Give the tombstone of a row's edition."""
    return Tombstone(document_id=of.document_id, edition=of.edition, reason=reason)


def append(dataset: DatasetStore, rows: Sequence[Row], stones: Iterable[Tombstone] = (), offsets: int = 1) -> Manifest:
    """Commit a shard of `rows` as a builder does; `stones` are added to those of the head; gives the new version."""
    head = dataset.head() or Manifest(dataset=dataset.dataset, version=0, created_at=NOW, writer="")
    shards = (*head.shards, dataset.put_shard(rows))
    tombstones = tuple(sorted({*head.tombstones, *stones}))
    live = Tombstones(tombstones).live(one for shard in shards for one in dataset.read_shard(shard))
    consumed = head.next_offsets.get("documents-augmented/0", 0) + offsets
    made = msgspec.structs.replace(
        head,
        version=head.version + 1,
        parent=head.version or None,
        created_at=NOW,
        writer="builder",
        shards=shards,
        tombstones=tombstones,
        rows=count_rows(live),
        next_offsets={"documents-augmented/0": consumed},
    )
    made = msgspec.structs.replace(made, content_hash=content_hash(made))
    dataset.commit(made)
    return made


def live_rows(dataset: DatasetStore, manifest: Manifest) -> list[Row]:
    """Read the rows that are part of a version."""
    tombstones = Tombstones(manifest.tombstones)
    return list(tombstones.live(one for shard in manifest.shards for one in dataset.read_shard(shard)))


def entry(size: int, number: int = 0) -> ShardEntry:
    """Give a shard's entry of `size` bytes; the number tells equal ones apart."""
    return ShardEntry(key=f"shard-{number}", rows=1, bytes=size, sha256=f"{number:064x}")


def pack(*names: str) -> bytes:
    """Give a pack of one fetch each of the pages `names`; a page named twice was fetched twice."""
    return b"".join(
        write_response(
            url(name),
            NOW + timedelta(seconds=number),
            200,
            (("Content-Type", "text/html"),),
            f"<html><p>{marker(name)} {'content ' * 50}{number}</p></html>".encode(),
        )
        for number, name in enumerate(names)
    )


def request(name: str, erasure_id: str = "e1") -> ErasureRequested:
    """Give the request to forget the page `name`."""
    return ErasureRequested(
        erasure_id=erasure_id,
        document_id=document_id(url(name)),
        deny_hash=f"hash-of-{name}",
        reason="owner-request",
        requested_by="anna@desk",
        at=NOW,
    )
