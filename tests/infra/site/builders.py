"""A tiny tree of help pages."""

import os
from pathlib import Path

MODIFIED = 1_780_000_000
"""Seconds since 1970: 2026-05-28 20:26:40 UTC."""

LANGUAGES = ("en-US", "zh-CN")
APPLICATIONS = {"scalc": 3, "shared": 5, "swriter": 1}


def page(language: str, application: str, number: int) -> str:
    """Give the path of a page."""
    return f"{language}/text/{application}/{number:02}/main.html"


def plant(root: Path, path: str, content: str = "", modified: int = MODIFIED) -> Path:
    """Write one file of the tree."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content, encoding="utf-8")
    os.utime(file, (modified, modified))
    return file


def plant_tree(root: Path) -> Path:
    """Write nine pages in each of two languages, and a few other files."""
    for language in LANGUAGES:
        for application, count in APPLICATIONS.items():
            for number in range(count):
                plant(root, page(language, application, number), f"<p>{language} 帮助 {application} {number}</p>")
        plant(root, f"{language}/noscript.html", "<p>Turn it on.</p>")
    plant(root, "default.css", "p { color: red }")
    plant(root, "media/a picture.svg", "<svg/>")
    plant(root, "media/README", "?")
    return root
