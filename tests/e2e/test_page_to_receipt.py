"""A page is forgotten everywhere, after models have learnt from it: the last thing that happens to the slice.

The curator is killed amid it.
"""

import gzip
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.contracts.receipts import Receipt
from shared.io.s3 import S3ObjectStore
from tests.e2e.flywheel import DATASET, files_of_slice, live_rows, millrace, start
from tests.e2e.kills import kill
from tests.infra.local.stack_under_test import StackUnderTest

pytestmark = pytest.mark.integration


def is_amid_an_erasure(store: S3ObjectStore) -> bool:
    """Say whether the curator has noted what it is about to remove, and has no receipt of it yet."""
    names = {info.key.rpartition("/")[2] for info in store.list("erasures/")}
    return "journal.json" in names and "receipt.json" not in names


def the_receipt(store: S3ObjectStore) -> Receipt:
    """Read the only receipt that there is."""
    (key,) = (info.key for info in store.list("erasures/") if info.key.endswith("/receipt.json"))
    return msgspec.json.decode(store.get(key), type=Receipt)


def test_a_forgotten_page_is_gone_from_packs_and_rows_though_the_curator_was_killed(
    flywheel_stack: StackUnderTest, closed: dict[str, Any], store: S3ObjectStore, tree: Path
) -> None:
    """Its receipt comes and its bytes are in no object any more; the other pages are as they were."""
    assert closed["version"]
    row = next(row for row in live_rows(store) if row.kind == "page" and not row.lineage.op)
    path = next(path for path in files_of_slice(tree) if row.lineage.url.endswith(path))
    others = {one.row_id for one in live_rows(store) if one.document_id != row.document_id}

    with start(flywheel_stack, "forget", "--url", row.lineage.url, "--yes", "--wait", "90") as forget:
        kill(flywheel_stack, "curator", lambda: is_amid_an_erasure(store))
        out, err = forget.communicate(timeout=120)

    assert forget.returncode == 0, out + err
    receipt = the_receipt(store)
    assert receipt.document_id == row.document_id
    assert receipt.erasure_id in out
    assert {one.dataset for one in receipt.removed.made} == {DATASET}
    assert sum(one.rows for one in receipt.removed.shards) > 0
    assert receipt.removed.packs
    assert flywheel_stack.units()["curator"].restarts == 1
    assert not [one for one in live_rows(store) if one.document_id == row.document_id]
    packed = b"".join(gzip.decompress(store.get(info.key)) for info in store.list("raw/"))
    assert files_of_slice(tree)[path].read_bytes() not in packed
    assert {one.row_id for one in live_rows(store)} >= others
    assert "is sound" in millrace(flywheel_stack, "datasets", "verify")
