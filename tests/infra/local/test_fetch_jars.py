"""Fetching, from a Maven repository that this test serves itself."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from infra.local.fetch_jars import fetch
from infra.local.jars import Jar, JarError

CONTENT = b"a jar"
GOOD = Jar("org.example:thing:1.0", hashlib.sha256(CONTENT).hexdigest())
FORGED = Jar("org.example:thing:1.0", hashlib.sha256(b"another").hexdigest())


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Drop the line."""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Serve a Maven repository with one jar, and name it in the user's jgo settings, as a mirror would be."""
    jar = tmp_path / "repository/org/example/thing/1.0/thing-1.0.jar"
    jar.parent.mkdir(parents=True)
    jar.write_bytes(CONTENT)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "repository"))) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        settings = tmp_path / "jgo.conf"
        settings.write_text(f"[repositories]\ncentral = http://127.0.0.1:{server.server_port}\n", encoding="utf-8")
        monkeypatch.setenv("JGO_CONFIG_FILE", str(settings))
        yield tmp_path / "repository"
        server.shutdown()


@pytest.mark.usefixtures("repository")
def test_missing_jars_come_and_those_that_are_there_do_not_come_again(tmp_path: Path) -> None:
    """A second setup downloads nothing."""
    folder = tmp_path / "jars"
    assert fetch(folder, [GOOD]) == 1
    assert (folder / "thing-1.0.jar").read_bytes() == CONTENT
    assert fetch(folder, [GOOD]) == 0


@pytest.mark.usefixtures("repository")
def test_a_jar_whose_checksum_differs_is_refused_and_not_kept(tmp_path: Path) -> None:
    """Neither the jar nor a draft of it stays."""
    folder = tmp_path / "jars"
    with pytest.raises(JarError, match="it is refused"):
        fetch(folder, [FORGED])
    assert list(folder.iterdir()) == []


@pytest.mark.usefixtures("repository")
def test_a_jar_that_nobody_has_is_told_with_the_remedy(tmp_path: Path) -> None:
    """A wrong mirror, or a version that was withdrawn."""
    with pytest.raises(JarError, match=r"org.example:other:1.0 could not be fetched: .* Remedy: check the network"):
        fetch(tmp_path / "jars", [Jar("org.example:other:1.0", "0" * 64)])
