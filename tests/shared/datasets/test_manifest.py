"""Tests of the manifest: its keys, and that what was stored by an older version is still read."""

from functools import partial

import msgspec
import pytest

from shared.datasets.manifest import Manifest, manifest_key, numbered, shard_key
from tests.shared.datasets.builders import dataset, manifest, rows, stone

FIRST = (
    b'{"dataset":"help","version":1,"created_at":"2026-07-01T12:00:00Z","writer":"w","shards":[{"key":"k","rows":1,'
    b'"bytes":2,"sha256":"ab"}],"tombstones":[{"document_id":"d","edition":"","reason":"erased"}],"later":[1]}'
)
"""The least that a stored manifest says, and a field that is unknown today."""


def test_keys_sort_as_versions_do() -> None:
    """Equal bytes are one shard, whichever dataset's version names it."""
    keys = [manifest_key("help", version) for version in (1, 9, 10, 99_999_999)]
    assert keys[0] == "datasets/help/manifests/00000001.json"
    assert keys == sorted(keys)
    assert shard_key("help", "0123456789abcdef" * 4) == "datasets/help/shards/0123456789abcdef0123456789abcdef.parquet"


def test_only_a_versions_own_key_is_its_number() -> None:
    """Whatever else lies in the folder is nobody's, however much it looks like one."""
    keys = [manifest_key("help", version) for version in (12, 3, 123_456_789)]
    foreign = ["00000004.json.bak", ".DS_Store", "4.json", "0004.json", "old/00000004.json", "٠٠٠٠٠٠٠٤.json", ""]
    listed = [*keys, *(f"datasets/help/manifests/{name}" for name in foreign)]
    assert numbered(listed, partial(manifest_key, "help")) == [3, 12, 123_456_789]


def test_a_manifest_comes_back_as_it_was() -> None:
    """With all that it names."""
    there = rows(3)
    made = manifest(dataset(), [there], [stone(there[0])], next_offsets={"t/0": 3}, denied=("h",), topic_ids={"t": "i"})
    assert msgspec.json.decode(msgspec.json.encode(made), type=Manifest) == made


def test_what_is_stored_is_read_by_who_knows_more_or_less() -> None:
    """A field added later has a default, and one that is not known is left alone."""
    found = msgspec.json.decode(FIRST, type=Manifest)
    assert (found.shards[0].rows, found.tombstones[0].reason, found.rows, found.parent) == (1, "erased", {}, None)


@pytest.mark.parametrize("damage", [(b'"version":1,', b""), (b'"erased"', b'"lost"'), (b"12:00:00Z", b"12:00:00")])
def test_what_is_no_manifest_is_refused(damage: tuple[bytes, bytes]) -> None:
    """No version, a reason that nobody knows, a moment without its time zone."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(FIRST.replace(*damage), type=Manifest)
