"""Tests of what is written in place of a secret."""

import pytest
from pydantic import SecretStr

from shared.telemetry.masking import MASK, Plain, masked


@pytest.mark.parametrize(
    "name",
    ["password", "CACHE_PASSWORD", "S3_SECRET_KEY", "secretkey", "Authorization", "x-api-key", "apikey", "hf_token"],
)
def test_masks_by_name(name: str) -> None:
    """Names of secrets, in any case and with any prefix, hide what they name."""
    assert masked("hunter2", name) == MASK
    assert masked(["hunter2"], name) == MASK


@pytest.mark.parametrize(
    ("name", "value"), [("tokens", 512), ("token_count", "512"), ("token", 512), ("key", "id"), ("secretary", "李雷")]
)
def test_leaves_what_only_sounds_like_a_secret(name: str, value: str | int) -> None:
    """Counts of tokens and keys of records are no secrets."""
    assert masked(value, name) == value


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://:pw@cache:6379/0", "redis://***@cache:6379/0"),
        ("cannot reach https://me:p%40ss@store/x today", "cannot reach https://***@store/x today"),
        ("http://127.0.0.1:8333/b/k@2x.png", "http://127.0.0.1:8333/b/k@2x.png"),
        ("/b/k?X-Amz-Credential=AK%2F1&X-Amz-Signature=0af9&x=1", "/b/k?X-Amz-Credential=***&X-Amz-Signature=***&x=1"),
        ("写信给 someone@example.com", "写信给 someone@example.com"),
    ],
)
def test_masks_passwords_and_signatures_in_text(text: str, shown: str) -> None:
    """Addresses keep everything but what opens them."""
    assert masked(text) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (
            {"headers": {"authorization": "Bearer x", "accept": "*/*"}},
            {"headers": {"authorization": MASK, "accept": "*/*"}},
        ),
        (("redis://:pw@h", 1, None, 1.5, True), ["redis://***@h", 1, None, 1.5, True]),
        (ValueError("redis://:pw@h"), "redis://***@h"),
        (SecretStr("hunter2"), "**********"),
        (b"raw", "b'raw'"),
    ],
)
def test_looks_inside(value: object, shown: Plain) -> None:
    """Structures are followed, and what JSON can't say is written as text."""
    assert masked(value) == shown
