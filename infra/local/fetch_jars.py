"""Fetch Kafka's jars, and lock them: the `jgo` wheel resolves and downloads without Maven or Java."""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jgo.config import GlobalSettings
from jgo.maven import MavenContext, PythonResolver

from infra.local.jars import LOCK_FILE, Jar, JarError, kafka_folder, read_lock, sha256_of
from infra.stack import load_stack

_LOGGING = "org.slf4j:slf4j-simple:1.7.36"  # Kafka speaks slf4j 1.7; a 2.x provider would not bind
_CONNECTIONS = 8
_TIMEOUT_SECONDS = 60
_TRIES = 3
_REMEDY = (
    "Remedy: check the network (behind a proxy HTTPS_PROXY and REQUESTS_CA_BUNDLE), "
    "or name a mirror under [repositories] in ~/.config/jgo.conf."
)
_JAR_TIME = 1_700_000_000
"""Seconds since 1970. Java takes a jar of another time for another jar, and drops its class cache."""


def fetch(folder: Path, jars: Iterable[Jar]) -> int:
    """Bring the jars that are not in `folder` and check each; say how many came."""
    missing = [jar for jar in jars if not (folder / jar.file_name).exists()]
    folder.mkdir(parents=True, exist_ok=True)
    # A repository of our own in a temporary folder: a download that breaks off leaves nothing behind, here or in ~/.m2.
    with tempfile.TemporaryDirectory(dir=folder) as draft, ThreadPoolExecutor(_CONNECTIONS) as pool:
        context = _context(Path(draft))
        for jar, path in zip(missing, pool.map(lambda jar: _download(context, jar), missing), strict=True):
            os.utime(path, (_JAR_TIME, _JAR_TIME))
            path.replace(folder / jar.file_name)
    return len(missing)


def _download(context: MavenContext, jar: Jar) -> Path:
    group, name, version = jar.coordinate.split(":")
    artifact = context.project(group, name).at_version(version).artifact()
    for tries_left in reversed(range(_TRIES)):
        try:
            path: Path = artifact.resolve()
            break
        except (OSError, RuntimeError) as error:  # requests' errors are the former, jgo's "not found" the latter
            draft = context.repo_cache / artifact.component.path_prefix / artifact.filename
            draft.unlink(missing_ok=True)  # a download that broke off would pass for the jar
            if not tries_left:
                raise JarError(f"{jar.coordinate} could not be fetched: {error}. {_REMEDY}") from error
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
            f"{artifact.groupId}:{artifact.artifactId}:{artifact.version} {sha256_of(jar)}"
            for artifact, jar in zip(artifacts, paths, strict=True)
        )
    header = f"# {' and '.join(roots)} with all they need; written by `make lock`.\n"
    body = "".join(f"{sha256}  {coordinate}\n" for coordinate, sha256 in (line.split() for line in lines))
    path.write_text(header + body, encoding="utf-8")
    return len(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run `fetch` or `lock`."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.fetch_jars", description=__doc__)
    parser.add_argument("action", choices=["fetch", "lock"])
    run = {"fetch": _fetch, "lock": _lock}[parser.parse_args(arguments).action]
    try:
        sys.stdout.write(run())
    except JarError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _fetch() -> str:
    return f"{fetch(kafka_folder(), read_lock())} jars fetched to {kafka_folder()}\n"


def _lock() -> str:
    version = load_stack().parts["kafka"].version
    count = write_lock(LOCK_FILE, [f"org.apache.kafka:kafka_2.13:{version}", _LOGGING])
    return f"{count} jars locked in {LOCK_FILE}\n"


if __name__ == "__main__":
    sys.exit(main())
