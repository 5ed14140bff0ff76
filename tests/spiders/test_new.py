"""A spider is begun: three files, a test that passes, and nothing where something is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from spiders.new import Beginning, NotBegun, beginning, fetched, main
from tests.spiders.harness import ROOT
from tests.spiders.web import Reply, Web, page

EXTEND = "import spiders.sources\nspiders.sources.__path__.append({!r})\n"


def begun(folder: Path) -> list[Path]:
    """Give the files that were written."""
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def said_by(command: list[str]) -> "subprocess.CompletedProcess[str]":
    """Run `command` where the project is found."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_its_own_test_passes(tmp_path: Path) -> None:
    """The page is fetched from the site; spider and test pass our linter and run as they are."""
    with Web({"/a.html": page(text="words")}) as web:
        assert main(["my-site", f"{web.url}/a.html", "--root", str(tmp_path)]) == 0
        assert next(iter(web.agents)).startswith("Millrace/")
    files = [
        Path("spiders/sources/my_site.py"),
        Path("tests/spiders/fixtures/my_site/page.html"),
        Path("tests/spiders/sources/test_my_site.py"),
    ]
    assert begun(tmp_path) == files
    assert b"words" in (tmp_path / files[1]).read_bytes()
    (tmp_path / "tests" / "conftest.py").write_text(EXTEND.format(str(tmp_path / "spiders/sources")))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-c",
        os.devnull,
        "--import-mode=importlib",
        str(tmp_path / "tests"),
    ]
    done = said_by(command)
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    check = [sys.executable, "-m", "ruff", "check", "--config", str(ROOT / "pyproject.toml"), str(tmp_path / "spiders")]
    checked = said_by(check)
    assert checked.returncode == 0, checked.stdout


def test_a_saved_page_needs_no_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is written is said; a second time writes nothing over it."""
    saved = tmp_path / "saved.html"
    saved.write_bytes(b"<p>saved</p>")
    root = tmp_path / "root"
    arguments = ["other", "https://example.invalid/", "--page", str(saved), "--root", str(root)]
    assert main(arguments) == 0
    assert (root / "tests/spiders/fixtures/other/page.html").read_bytes() == b"<p>saved</p>"
    assert "spiders/sources/other.py\n" in capsys.readouterr().out
    (root / "spiders/sources/other.py").write_text("mine")
    assert main(arguments) == 1
    assert "there already" in capsys.readouterr().err
    assert (root / "spiders/sources/other.py").read_text() == "mine"


def test_a_page_that_cannot_be_fetched_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what to do, and nothing is written."""
    with Web({}) as web:
        assert main(["my-site", f"{web.url}/none", "--root", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "404" in said
    assert "--page FILE" in said
    assert begun(tmp_path) == []


def test_what_is_no_page_is_refused() -> None:
    """A spider's page is HTML."""
    with Web({"/x": Reply(b"%PDF", content_type="application/pdf")}) as web, pytest.raises(NotBegun, match="no page"):
        fetched(f"{web.url}/x")


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("My_Site", "https://a.org/"),
        ("3d", "https://a.org/"),
        ("site", "file:///etc/passwd"),
        ("site", "nothing"),
        ("site", "ftp://a.org/"),
    ],
)
def test_a_wrong_name_or_address_is_refused(name: str, url: str) -> None:
    """Before anything is fetched."""
    with pytest.raises(NotBegun):
        beginning(name, url)


def test_names_follow_from_the_name() -> None:
    """Module and class as Python has them."""
    spider = Beginning("my-own-site", "https://a.org/")
    assert (spider.module, spider.class_name) == ("my_own_site", "MyOwnSiteSpider")
