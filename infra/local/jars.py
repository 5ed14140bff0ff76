"""Fetch Kafka's jars: `kafka-jars.lock` names each with its sha256, the `jgo` wheel brings it without Maven or Java."""

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from jgo.config import GlobalSettings
from jgo.maven import MavenContext, PythonResolver

from infra.local.home import DOWNLOADS
from infra.stack import load_stack

LOCK_FILE = Path(__file__).with_name("kafka-jars.lock")
_LOGGING = "org.slf4j:slf4j-simple:1.7.36"  # Kafka speaks slf4j 1.7; a 2.x provider would not bind
_CONNECTIONS = 8
_TIMEOUT_SECONDS = 60


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
        found = _sha256(path)
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


def fetch(folder: Path, jars: Iterable[Jar]) -> int:
    """Bring the jars that are not in `folder` and check each; say how many came."""
    missing = [jar for jar in jars if not (folder / jar.file_name).exists()]
    folder.mkdir(parents=True, exist_ok=True)
    # A repository of our own in a temporary folder: a download that breaks off leaves nothing behind, here or in ~/.m2.
    with tempfile.TemporaryDirectory(dir=folder) as draft, ThreadPoolExecutor(_CONNECTIONS) as pool:
        context = _context(Path(draft))
        for jar, path in zip(missing, pool.map(lambda jar: _download(context, jar), missing), strict=True):
            path.replace(folder / jar.file_name)
    return len(missing)


def _download(context: MavenContext, jar: Jar) -> Path:
    group, artifact, version = jar.coordinate.split(":")
    path: Path = context.project(group, artifact).at_version(version).artifact().resolve()
    jar.check(path)
    return path


def _context(repository: Path) -> MavenContext:
    """Make a resolver that downloads to `repository` from where the user's jgo settings say, else from Maven's own."""
    mirrors = GlobalSettings.load().repositories
    return MavenContext(PythonResolver(), repository, remote_repos=mirrors or None, timeout=_TIMEOUT_SECONDS)


def write_lock(path: Path, roots: Iterable[str]) -> int:
    """Resolve `roots` and all they need, and write each with its sha256; say how many there are."""
    with tempfile.TemporaryDirectory() as draft:
        context = _context(Path(draft))
        inputs, others = context.resolver.resolve([context.create_dependency(root) for root in roots])
        artifacts = [dependency.artifact for dependency in [*inputs, *others]]
        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            paths = list(pool.map(lambda artifact: artifact.resolve(), artifacts))
        lines = sorted(
            f"{artifact.groupId}:{artifact.artifactId}:{artifact.version} {_sha256(jar)}"
            for artifact, jar in zip(artifacts, paths, strict=True)
        )
    header = f"# {' and '.join(roots)} with all they need; written by `make lock`.\n"
    body = "".join(f"{sha256}  {coordinate}\n" for coordinate, sha256 in (line.split() for line in lines))
    path.write_text(header + body, encoding="utf-8")
    return len(lines)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main(arguments: list[str] | None = None) -> int:
    """Run `fetch` or `lock`."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.jars", description=__doc__)
    parser.add_argument("action", choices=["fetch", "lock"])
    if parser.parse_args(arguments).action == "lock":
        version = load_stack().parts["kafka"].version
        count = write_lock(LOCK_FILE, [f"org.apache.kafka:kafka_2.13:{version}", _LOGGING])
        sys.stdout.write(f"{count} jars locked in {LOCK_FILE}\n")
    else:
        count = fetch(kafka_folder(), read_lock())
        sys.stdout.write(f"{count} jars fetched to {kafka_folder()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
