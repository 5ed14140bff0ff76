"""A page is forgotten everywhere, after models have learnt from it: the last thing that happens to the slice."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from shared.io.s3 import S3ObjectStore
from tests.e2e.flywheel import files_of_slice, live_rows, millrace
from tests.infra.local.stack_under_test import StackUnderTest

pytestmark = pytest.mark.integration


def test_a_forgotten_page_is_gone_from_packs_and_rows(
    flywheel_stack: StackUnderTest, closed: dict[str, Any], store: S3ObjectStore, tree: Path
) -> None:
    """Its bytes are in no object any more; the other pages are as they were."""
    assert closed["version"]
    row = next(row for row in live_rows(store) if row.kind == "page" and not row.lineage.op)
    path = next(path for path in files_of_slice(tree) if row.lineage.url.endswith(path))
    others = {one.row_id for one in live_rows(store) if one.document_id != row.document_id}

    millrace(flywheel_stack, "forget", "--url", row.lineage.url, "--yes")

    assert not [one for one in live_rows(store) if one.document_id == row.document_id]
    packed = b"".join(gzip.decompress(store.get(info.key)) for info in store.list("raw/"))
    assert files_of_slice(tree)[path].read_bytes() not in packed
    assert {one.row_id for one in live_rows(store)} >= others
    assert "is sound" in millrace(flywheel_stack, "datasets", "verify")
