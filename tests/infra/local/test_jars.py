"""Kafka's jars against their lock."""

import hashlib
from pathlib import Path

import pytest

from infra.local.jars import Jar, JarError, class_path, kafka_folder, read_lock

CONTENT = b"a jar"
GOOD = Jar("org.example:thing:1.0", hashlib.sha256(CONTENT).hexdigest())


def test_the_lock_names_kafka_at_the_stack_s_version() -> None:
    """The version stands in stack.toml; a lock of another one would not be found here."""
    jars = read_lock()
    version = kafka_folder().name.removeprefix("kafka-")
    assert f"org.apache.kafka:kafka_2.13:{version}" in {jar.coordinate for jar in jars}
    assert {len(jar.sha256) for jar in jars} == {64}
    assert len({jar.file_name for jar in jars}) == len(jars)


def test_a_jar_of_another_content_is_refused(tmp_path: Path) -> None:
    """One byte is enough."""
    path = tmp_path / GOOD.file_name
    path.write_bytes(CONTENT)
    GOOD.check(path)
    path.write_bytes(CONTENT + b"!")
    with pytest.raises(JarError, match="it is refused"):
        GOOD.check(path)


def test_a_missing_jar_is_told_with_the_remedy(tmp_path: Path) -> None:
    """Kafka without a jar would fail somewhere deep."""
    with pytest.raises(JarError, match=r"1 of Kafka's 1 jars are not in .* Remedy: make setup"):
        class_path(tmp_path, [GOOD])
    (tmp_path / GOOD.file_name).write_bytes(CONTENT)
    assert class_path(tmp_path, [GOOD]) == (tmp_path / "thing-1.0.jar",)
