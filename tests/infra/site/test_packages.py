"""Fetching the site: for real, and with an apt that fails in every way."""

import shutil
import subprocess
from pathlib import Path

import pytest

from infra.site.packages import PACKAGES, fetch
from infra.site.tree import SiteError, pages_of


def command(folder: Path, name: str, script: str) -> None:
    """Put a command of that name into `folder`."""
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder of commands that stand in for the system's."""
    folder = tmp_path / "bin"
    command(folder, "apt-get", "shift 3; for name; do echo pages > $name.deb; done")
    unpack = "pages=$3/usr/share/libreoffice/help/en-US/text/scalc; mkdir -p $pages; : > $pages/$2.html"
    command(folder, "dpkg-deb", unpack)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def left_over(target: Path) -> list[str]:
    """List what a fetch that failed has left beside `target`."""
    return [path.name for path in target.parent.iterdir()]


@pytest.mark.usefixtures("commands")
def test_each_package_is_downloaded_and_unpacked(tmp_path: Path) -> None:
    """And only the pages are kept."""
    target = tmp_path / "sites" / "help"
    assert fetch(target) is True
    assert sorted(pages_of(target)["en-US"]["scalc"]) == sorted(
        f"en-US/text/scalc/{name}.deb.html" for name in PACKAGES
    )
    assert left_over(target) == ["help"]


def test_what_is_there_is_not_fetched_again(commands: Path, tmp_path: Path) -> None:
    """Apt isn't even asked."""
    target = tmp_path / "sites" / "help"
    fetch(target)
    command(commands, "apt-get", "exit 1")
    assert fetch(target) is False


@pytest.mark.usefixtures("commands")
def test_half_a_site_is_fetched_anew(tmp_path: Path) -> None:
    """Whatever stood in its place."""
    target = tmp_path / "sites" / "help"
    target.mkdir(parents=True)
    (target / "index.html").write_text("half", encoding="utf-8")
    assert fetch(target) is True
    assert not (target / "index.html").exists()


@pytest.mark.parametrize(
    ("name", "script", "complaint"),
    [
        ("apt-get", "echo 'E: Unable to locate package' >&2; exit 100", r"apt-get .* download .* failed:\n  E: Unable"),
        ("apt-get", ":", "hold no pages"),
        ("dpkg-deb", "echo 'dpkg-deb: error: no space' >&2; exit 2", r"dpkg-deb -x .* failed:\n  dpkg-deb: error"),
        ("dpkg-deb", "mkdir -p $3/usr", "hold no pages"),
    ],
)
def test_a_fetch_that_fails_leaves_nothing_behind(
    commands: Path, tmp_path: Path, name: str, script: str, complaint: str
) -> None:
    """It says what failed, and names the public site."""
    command(commands, name, script)
    target = tmp_path / "sites" / "help"
    with pytest.raises(SiteError, match=complaint) as refused:
        fetch(target)
    assert "https://help.libreoffice.org" in str(refused.value)
    assert left_over(target) == []


@pytest.mark.parametrize("name", ["apt-get", "dpkg-deb"])
def test_a_machine_without_debians_tools_is_told_so(
    commands: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what to do instead."""
    (commands / name).unlink()
    shell = shutil.which("sh")
    assert shell is not None
    (commands / "mkdir").symlink_to(shutil.which("mkdir") or "")
    monkeypatch.setenv("PATH", str(commands))
    with pytest.raises(SiteError, match=rf"{name} isn't here.*politely.*delay_seconds"):
        fetch(tmp_path / "sites" / "help")


@pytest.mark.integration
def test_debians_packages_are_the_site(tmp_path: Path) -> None:
    """Downloaded and unpacked without being root: two languages with the same pages, thousands of them."""
    if shutil.which("apt-get") is None:
        pytest.skip("apt-get isn't here: the site is for a Debian or Ubuntu")
    known = subprocess.run(["apt-cache", "show", *PACKAGES], capture_output=True, check=False)  # noqa: S607
    if known.returncode:
        pytest.skip("apt knows no such packages: apt-get update, as root, brings its lists")
    assert fetch(tmp_path / "help") is True
    pages = pages_of(tmp_path / "help")
    assert set(pages) == {"en-US", "zh-CN"}
    assert set(pages["en-US"]) >= {"sbasic", "scalc", "schart", "sdatabase", "sdraw", "simpress", "smath", "swriter"}
    english, chinese = ({name: len(found) for name, found in pages[one].items()} for one in ("en-US", "zh-CN"))
    assert english == chinese
    assert sum(english.values()) > 2000
