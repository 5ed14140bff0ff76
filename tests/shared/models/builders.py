"""Short constructors of what is said of models."""

from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.encoding.spec import Encoding, NgramSpec
from shared.models.manifest import Cost, FileEntry, ModelManifest
from shared.models.signing import Signer, Trust
from shared.models.verdict import Check, Decision, Verdict, verdict_id

AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
RUN = "topic/support-router/00000004/ngrams"
MODEL = "topic"


def signer(seed: int = 1) -> Signer:
    """Give a signer, the same for the same seed."""
    return Signer(Ed25519PrivateKey.from_private_bytes(seed.to_bytes(32, "big")))


def trust(*signers: Signer) -> Trust:
    """Give what believes `signers`, by default `signer()`."""
    return Trust(one.public_key for one in signers or (signer(),))


def manifest(files: dict[str, FileEntry] | None = None, **changes: Any) -> ModelManifest:  # noqa: ANN401 - any field
    """Give the manifest of a small model; `changes` are fields of it."""
    said: dict[str, Any] = {
        "model": MODEL,
        "version": 1,
        "task": "topic",
        "kind": "text-classification",
        "run": RUN,
        "created_at": AT,
        "labels": ("calc", "writer"),
        "encoding": Encoding(ngrams=NgramSpec()),
        "dataset": "support-router",
        "dataset_version": 4,
        "dataset_sha256": "ab" * 32,
        "recipe": "ngrams",
        "metrics": {"validation.page:en": 0.91, "validation.page:zh": 0.93, "test.page:en": 0.9, "test.page:zh": 0.92},
        "baseline": {"test.page:en": 0.88, "test.page:zh": 0.9},
        "cost": Cost(rows=5_000, seconds=12.5, cpu_seconds=20.0, stages={"fit": 9.0}),
    }
    return ModelManifest(**{**said, "files": files or {}, **changes})


def verdict(candidate: int, champion: int | None, decision: Decision = "promote", **changes: Any) -> Verdict:  # noqa: ANN401
    """Give a verdict of two checks."""
    said: dict[str, Any] = {
        "id": verdict_id(candidate, champion),
        "model": MODEL,
        "candidate": candidate,
        "champion": champion,
        "decision": decision,
        "reason": "better by 1.2 points",
        "at": AT,
        "evaluation_set": "0001",
        "checks": (
            Check(name="accuracy", value=0.012, bound=0.0, passed=True, low=0.004, high=0.02, rows=363),
            Check(name="size", value=4e6, bound=5e8, passed=True),
        ),
    }
    return Verdict(**{**said, **changes})
