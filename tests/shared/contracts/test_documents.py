"""Tests of documents on their way."""

from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
import pytest

from shared.contracts.documents import AugmentedDocument, CleanDocument, Lineage, OptOut, RawDocument
from shared.contracts.message import ClaimCheck, decode, encode

LINEAGE = Lineage(
    source="libreoffice-help",
    url="https://help.libreoffice.org/latest/zh-CN/text/scalc/01/04060106.html",
    fetched_at=datetime(2026, 3, 14, tzinfo=UTC),
    licence="MPL-2.0",
    content_hash="ab" * 32,
)


@dataclass(frozen=True)
class Copy:
    """What an augmentation says of itself."""

    op: str
    version: int
    seed: int


@pytest.mark.parametrize(
    ("copy", "derivation"),
    [
        (Copy("", 0, 0), ("", 0)),
        (Copy("random_swap", 2, 7), ("random_swap@2", 7)),
        (Copy("random_swap", 3, 7), ("random_swap@3", 7)),
    ],
)
def test_a_copy_is_told_apart_by_its_operation_version_and_seed(copy: Copy, derivation: tuple[str, int]) -> None:
    """The document itself has none."""
    lineage = msgspec.structs.replace(LINEAGE, op=copy.op, op_version=copy.version, seed=copy.seed)
    assert AugmentedDocument(document_id="d", lineage=lineage, language="zh").derivation == derivation


def test_a_clean_document_is_not_an_augmented_one() -> None:
    """They have the same fields, and are not the same message."""
    fields = {"document_id": "d", "lineage": LINEAGE, "language": "zh"}
    assert CleanDocument(**fields) != AugmentedDocument(**fields)  # type: ignore[arg-type] # one table for both


def test_keeps_each_signal_beside_the_decision() -> None:
    """A later rule set can be applied to what was fetched before."""
    opt_out = OptOut(signals={"tdm-reservation": "1"}, allowed=False, rule_set="opt-out-1")
    body = ClaimCheck(bucket="millrace", key="k", offset=0, length=1, sha256="ab" * 32)
    raw = RawDocument(
        document_id="d",
        lineage=msgspec.structs.replace(LINEAGE, opt_out=opt_out),
        status=200,
        content_type="text/html",
        body=body,
    )
    assert decode(RawDocument, encode(raw)).lineage.opt_out == opt_out


@pytest.mark.parametrize(
    "change",
    [{"fetched_at": "2026-03-14T00:00:00"}, {"split_hint": "dev"}, {"seed": 0.5}, {"opt_out": {"allowed": "yes"}}],
)
def test_refuses_a_lineage_that_could_be_read_in_two_ways(change: dict[str, object]) -> None:
    """A moment without zone, an unknown split, a fraction, a word for a truth value."""
    lineage = msgspec.to_builtins(LINEAGE) | change
    payload = msgspec.json.encode({"document_id": "d", "lineage": lineage, "language": "zh"})
    with pytest.raises(msgspec.ValidationError):
        decode(CleanDocument, payload)
