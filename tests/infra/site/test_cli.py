"""The site's command line."""

import os
import signal
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path

import pytest

from infra.site.cli import main
from infra.site.server import listen

TABLE = """\
application    en-US   zh-CN
scalc              2       2
shared             2       2
swriter            1       1
all                5       5
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of a stack, as the environment names it."""
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.mark.usefixtures("home")
def test_up_and_down_tell_what_they_did(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The address, the process, and the pages by application and language."""
    assert main(["up", "--root", str(root), "--port", "0", "--limit", "5"]) == 0
    try:
        told = capsys.readouterr().out
        assert told.startswith("http://127.0.0.1:")
        assert told.endswith(TABLE)
    finally:
        assert main(["down"]) == 0
    assert capsys.readouterr().out == "the site is down\n"
    assert main(["down"]) == 0
    assert capsys.readouterr().out == "the site was not up\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_serves_until_a_signal_comes(home: Path, root: Path, number: signal.Signals) -> None:
    """It says where, and ends with 0, though a client is still connected."""
    command = [sys.executable, "-m", "infra.site", "serve", "--port", "0", "--root", str(root)]
    environment = os.environ | {"MILLRACE_HOME": str(home)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            assert server.stdout is not None
            connection = HTTPConnection(server.stdout.readline().strip().removeprefix("http://"), timeout=10)
            connection.request("GET", "/")
            assert connection.getresponse().read()
            server.send_signal(number)
            assert server.wait(10) == 0
            connection.close()
        finally:
            server.kill()


@pytest.mark.usefixtures("home")
def test_what_cannot_be_done_is_said_without_a_traceback(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, and 1."""
    with listen(0) as taken:
        assert main(["serve", "--root", str(root), "--port", str(taken.getsockname()[1])]) == 1
    assert main(["up", "--root", str(root / "nowhere"), "--port", "0"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert "is taken" in lines[0]
    assert "has no pages" in lines[1]


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("wrong", [["--port", "65536"], ["--port", "-1"], ["--limit", "0"], ["--limit", "many"]])
def test_wrong_options_are_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With 2, as argparse does."""
    with pytest.raises(SystemExit) as ended:
        main(["serve", *wrong])
    assert ended.value.code == 2
    assert wrong[0] in capsys.readouterr().err


def test_without_apt_the_remedy_is_another_site(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The public one, politely."""
    monkeypatch.setenv("PATH", "")
    assert main(["up", "--port", "0"]) == 1
    assert "apt-get isn't here" in capsys.readouterr().err
    assert not (home / "sites" / "libreoffice-help").exists()
