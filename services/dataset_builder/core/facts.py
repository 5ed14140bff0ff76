"""What must be known of a row to decide about others: all but its text."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from shared.contracts.split import Split
from shared.datasets.clusters import cluster_of
from shared.datasets.live import TOTAL, label_key
from shared.datasets.rows import Row

_REVISION: Final = re.compile(r"[0-9]{1,18}(?=-|\Z)")


class Version(NamedTuple):
    """How new what a document said is: of one document the higher one wins."""

    fetched_at: datetime
    revision: int


class Fact(NamedTuple):
    """One row, without its text; `copy` says that an augmentation made it."""

    row_id: str
    document_id: str
    edition: str
    copy: bool
    kind: str
    language: str
    split: Split
    labels: tuple[tuple[str, str], ...]
    group_id: str
    cluster: str
    version: Version

    def counted(self) -> Iterator[str]:
        """Yield the keys under which a manifest counts the row."""
        yield TOTAL
        yield f"split:{self.split.value}"
        yield f"language:{self.language}"
        yield f"kind:{self.kind}"
        for name, value in self.labels:
            yield label_key(name, value)


def fact_of(row: Row) -> Fact:
    """Give what must be known of `row`."""
    return Fact(
        row_id=row.row_id,
        document_id=row.document_id,
        edition=row.edition,
        copy=bool(row.lineage.op),
        kind=row.kind,
        language=row.language,
        split=row.split,
        labels=tuple(sorted(row.labels.items())),
        group_id=row.lineage.group_id,
        cluster=cluster_of(row.cluster_id, row.document_id),
        version=Version(row.lineage.fetched_at, revision_of(row.lineage.rule_set)),
    )


def revision_of(rule_set: str) -> int:
    """Give the revision of a rule set such as `3-1a2b3c4d`; 0 for one that names none, of 18 digits at most."""
    revision = _REVISION.match(rule_set)
    return int(revision[0]) if revision else 0
