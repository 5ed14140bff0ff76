"""What an erasure leaves behind, and until when: said on its receipt. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from shared.contracts.receipts import Remainder
from shared.contracts.topics import ERASURES_REQUESTED, TOPICS

BACKUPS: Final = Remainder(
    "copies outside of Millrace: backups, snapshots, old object versions of a bucket that keeps them",
    "whatever they hold; Millrace makes none, and can't reach any",
)
CACHES: Final = Remainder(
    "shards that a trainer keeps on its own disk", "rows of the affected versions, until that folder is emptied"
)
TEXTS: Final = Remainder(
    "texts/", "a long text of it whose rows and messages had gone before, if there was one: nothing names it any more"
)
REQUEST: Final = Remainder(ERASURES_REQUESTED.name, "this request: the document's id, nothing of its content")
DENIED: Final = Remainder("the deny-list and the datasets' manifests", "a salted hash of the document's id, for ever")
KEPT: Final[dict[str, timedelta | None]] = {topic.name: topic.retention for topic in TOPICS}
"""How long each topic keeps a record. Dead letters, which are none of these, are kept for ever."""


def left_in_kafka(traces: Iterable[tuple[str, int, datetime]]) -> Iterator[Remainder]:
    """Say of each topic's records (name, count, time of the newest) when Kafka drops them."""
    for topic, records, newest in traces:
        kept = KEPT.get(topic)
        what = f"{records} of its records" if kept else f"{records} of its records, for no timer removes them"
        yield Remainder(topic, what, newest + kept if kept else None)
