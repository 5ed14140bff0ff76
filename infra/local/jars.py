"""Kafka's jars: `kafka-jars.lock` names each with its sha256; fetch_jars.py brings them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from infra.local.home import DOWNLOADS
from infra.stack import load_stack

LOCK_FILE = Path(__file__).with_name("kafka-jars.lock")


class JarError(Exception):
    """A jar is missing, or not the one that the lock names."""


@dataclass(frozen=True)
class Jar:
    """One line of the lock."""

    coordinate: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Name the file: artifact and version."""
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"

    def check(self, path: Path) -> None:
        """Raise `JarError` unless `path` holds this very jar."""
        found = sha256_of(path)
        if found != self.sha256:
            message = f"{self.coordinate} has sha256 {found}, the lock says {self.sha256}: it is refused"
            raise JarError(message)


def kafka_folder() -> Path:
    """Give the folder that the jars lie in."""
    return DOWNLOADS / f"kafka-{load_stack().parts['kafka'].version}"


def read_lock(path: Path = LOCK_FILE) -> tuple[Jar, ...]:
    """Read the lock: a sha256 and a coordinate a line."""
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return tuple(Jar(coordinate=coordinate, sha256=sha256) for sha256, coordinate in lines)


def class_path(folder: Path, jars: Iterable[Jar]) -> tuple[Path, ...]:
    """Give every jar's path in the lock's order; raise `JarError` where one is not there."""
    paths = tuple(folder / jar.file_name for jar in jars)
    missing = [path.name for path in paths if not path.exists()]
    if missing:
        message = f"{len(missing)} of Kafka's {len(paths)} jars are not in {folder}. Remedy: make setup."
        raise JarError(message)
    return paths


def sha256_of(path: Path) -> str:
    """Give the file's sha256 in hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
