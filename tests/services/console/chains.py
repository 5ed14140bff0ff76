"""Short constructors of what a chain from answer to page is made of."""

import base64
from datetime import datetime

from services.console.core.chain import Chain, DatasetLink, Learnt, ModelLink, PageLink, RowLink
from shared.contracts.message import ClaimCheck
from shared.contracts.predictions import PredictionRecorded
from tests.services.console.memory_topics import AT


def request_id(at: datetime, mark: int = 1) -> str:
    """Make an id as the gateway does, as far as anybody else can read it: its time comes first."""
    milliseconds = int(at.timestamp() * 1_000).to_bytes(6, "big")
    uuid7 = milliseconds + bytes([0x70, mark, 0x80, *[mark] * 7])
    return base64.urlsafe_b64encode(uuid7 + bytes([mark]) * 53).decode()


PREDICTION = PredictionRecorded(
    request_id=request_id(AT),
    customer="default",
    model="application",
    model_version=2,
    dataset_version=3,
    input_hash="00" * 16,
    label="writer",
    at=AT,
    probabilities={"calc": 0.3, "draw": 0.07, "base": 0.03, "writer": 0.6},
    latency_microseconds=1_500,
    text="rotate it",
)
CHAIN = Chain(
    prediction=PREDICTION,
    place="predictions-recorded/1@7",
    model=ModelLink(
        version=2,
        recipe="ngrams-e5",
        run="application/support-router/00000003/ngrams-e5",
        created_at=AT,
        rows=900,
        signed_by="0123456789abcdef",
        verdict="promote: better on short texts",
    ),
    dataset=DatasetLink(dataset="site", version=3, rows=1_000, train_rows=900, shards=2),
    taught=120,
    rows=(
        RowLink(
            similarity=0.42,
            row_id="0a0a",
            kind="heading",
            text="Rotating\nText",
            document_id="0d0d",
            url="http://site.example/rotate",
            shard="datasets/site/shards/aa.parquet",
        ),
    ),
    page=PageLink(
        document_id="0d0d",
        url="http://site.example/rotate",
        source="site",
        licence="MPL-2.0",
        fetched_at=AT,
        pack=ClaimCheck(bucket="b", key="raw/site/pack.warc.gz", offset=100, length=50, sha256="0" * 64),
        is_there=True,
    ),
    learnt=(
        Learnt(
            row_id="0b0b",
            label="calc",
            split="train",
            status="live",
            dataset_version=4,
            models=(3, 4),
            champion=4,
        ),
    ),
)
