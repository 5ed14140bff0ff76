"""Tests of encoders of the hub, against a small server that speaks its few routes."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import pytest

REVISION: Final = "a1" * 20
GATED: Final = "b2" * 20
FILES: Final = {
    "config.json": b'{"hidden_size": 16}',
    "tokenizer.json": b"{}",
    "model.safetensors": b"weights",
    "pytorch_model.bin": b"a pickle",
    "modeling_evil.py": b"import os",
}
FIND: Final = """
import sys
from pathlib import Path
from services.trainer.encoders.hugging_face import hugging_face
from services.trainer.weights import EncoderMissing
try:
    found = hugging_face(sys.argv[1]).find(Path("none"), Path("none"))
    print(*sorted(path.name for path in found.folder.iterdir()), found.source, found.digest, sep="\\n")
except EncoderMissing as error:
    print("missing", error, sep="\\n")
"""


class Hub(BaseHTTPRequestHandler):
    """Answers what the hub's client asks: which files a revision has, and the files."""

    files = FILES

    def do_GET(self) -> None:
        """Give the list of files, or one of them."""
        self._answer(body=True)

    def do_HEAD(self) -> None:
        """Give what a file is known by."""
        self._answer(body=False)

    def _answer(self, *, body: bool) -> None:
        if self.path.startswith(f"/api/models/owner/name/revision/{GATED}"):
            self._send(403, b"{}", body=body, error="GatedRepo")
        elif self.path.startswith(f"/api/models/owner/name/revision/{REVISION}"):
            files = [{"rfilename": name} for name in self.files]
            self._send(200, json.dumps({"id": "owner/name", "sha": REVISION, "siblings": files}).encode(), body=body)
        elif self.path.startswith("/api/models/owner/name/revision/"):
            self._send(404, b"{}", body=body, error="RevisionNotFound")
        elif (name := self.path.rpartition("/")[2]) in self.files:
            self._send(200, self.files[name], body=body)
        else:
            self._send(404, b"{}", body=body, error="RepoNotFound")

    def _send(self, status: int, content: bytes, *, body: bool, error: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hash(content)}"')
        self.send_header("X-Repo-Commit", REVISION)
        if error:
            self.send_header("X-Error-Code", error)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub() -> Iterator[str]:
    """Serve a hub on a free port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def found(name: str, home: Path, **environment: str) -> list[str]:
    """Look for an encoder in a process of its own, for the client reads its settings once."""
    here = {**os.environ, "HF_HOME": str(home), "HF_HUB_DISABLE_PROGRESS_BARS": "1", **environment}
    done = subprocess.run([sys.executable, "-c", FIND, name], env=here, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_weights_are_fetched_by_revision(hub: str, tmp_path: Path) -> None:
    """Only what is read: no pickle, and no code."""
    *files, source, digest = found(f"hf:owner/name@{REVISION}", tmp_path, HF_ENDPOINT=hub)
    assert files == ["config.json", "model.safetensors", "tokenizer.json"]
    assert source == f"hf:owner/name@{REVISION}"
    assert len(digest) == 64


def test_what_was_fetched_needs_no_hub(hub: str, tmp_path: Path) -> None:
    """It is in the client's cache, which can be copied to where there is no network."""
    name = f"hf:owner/name@{REVISION}"
    fetched = found(name, tmp_path, HF_ENDPOINT=hub)
    assert found(name, tmp_path, HF_HUB_OFFLINE="1") == fetched


@pytest.mark.parametrize("environment", [{"HF_ENDPOINT": "http://127.0.0.1:9"}, {"HF_HUB_OFFLINE": "1"}])
def test_a_hub_that_can_t_be_reached_is_told_with_the_remedy(environment: dict[str, str], tmp_path: Path) -> None:
    """A mirror, or a cache that was filled elsewhere."""
    missing, why = found(f"hf:owner/name@{REVISION}", tmp_path, **environment)[:2]
    assert missing == "missing"
    assert f"owner/name@{REVISION} isn't in the hub's cache, {tmp_path}" in why
    assert "Set HF_ENDPOINT to a mirror" in why


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (f"hf:owner/other@{REVISION}", "mend the recipe's encoders"),
        (f"hf:owner/name@{'c3' * 20}", "mend the recipe's encoders"),
        (f"hf:owner/name@{GATED}", "set HF_TOKEN"),
    ],
)
def test_what_the_hub_doesn_t_give_is_told(name: str, why: str, hub: str, tmp_path: Path) -> None:
    """A wrong name, a wrong revision, and one that asks for an agreement."""
    assert why in found(name, tmp_path, HF_ENDPOINT=hub)[1]


@pytest.mark.parametrize(
    ("absent", "why"), [("model.safetensors", "pickles aren't read"), ("tokenizer.json", "has no tokenizer.json")]
)
def test_a_revision_that_lacks_a_file_is_refused(
    absent: str, why: str, hub: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one with weights in a pickle alone."""
    monkeypatch.setattr(Hub, "files", {name: content for name, content in FILES.items() if name != absent})
    assert why in found(f"hf:owner/name@{REVISION}", tmp_path, HF_ENDPOINT=hub)[1]
