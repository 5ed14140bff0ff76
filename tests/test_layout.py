"""Tests of the layout's own rules: what is where, how large it may be, and what no file may say."""

import ast
import re
import statistics
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = ("shared", "services", "infra", "spiders")
MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 50
MAX_README_LINES = 15

# Written in halves, so that this file says none of it itself.
FORBIDDEN = (
    "/" + "work/",
    *(".".join(host) for host in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("crates", "io"))),
    *(".".join(host) for host in (("maven", "org"), ("maven", "apache"), ("conda", "anaconda"), ("proxy", "golang"))),
    *(".".join(host) for host in (("download", "pytorch"), ("deb", "debian"), ("registry", "k8s"))),
)
VAGUE_NAMES = {"utils.py", "util.py", "helpers.py", "helper.py", "common.py", "misc.py"}

SEAMS = {
    "infra/local/parts": {"place"},
    "services/augmenter/core/augmentations": {"augmentation"},
    "services/cleaner/core/steps": set(),
    "services/console/checks": set(),
    "services/console/commands": set(),
    "services/trainer/encoders": {"encoder"},
    "services/trainer/tasks": {"task"},
    "shared/stream/engines": {"engine"},
}
"""Folders whose `__init__.py` is the table of their modules, and the modules that are the port and no entry."""

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
ANCHOR = re.compile(r'<a (?:name|id)="([^"]+)">')


def is_ours(path: Path) -> bool:
    """Say whether a file is written by hand or committed: no cache, environment, data or build output."""
    parts = path.relative_to(ROOT).parts
    hidden = any(part.startswith(".") and part != ".ci" for part in parts[:-1])
    made = (
        {"__pycache__", "dist"} & set(parts)
        or path.suffix in (".pyc", ".whl")
        or parts[-1].startswith((".env", ".cov"))
    )
    return path.is_file() and not hidden and not made


def name(path: Path) -> str:
    """Name a file from the repository's root."""
    return path.relative_to(ROOT).as_posix()


FILES = sorted(path for path in ROOT.rglob("*") if is_ours(path))
PYTHON = [path for path in FILES if path.suffix == ".py"]
MODULES = [path for path in PYTHON if path.relative_to(ROOT).parts[0] in SOURCES]
SERVICES = sorted(path for path in (ROOT / "services").iterdir() if (path / "__init__.py").exists())
PAGES = [path for path in FILES if path.suffix == ".md"]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Give each function of a file, and its lines, from `def` to its end."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            yield f"{name(path)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1


def test_every_module_has_a_mirrored_test() -> None:
    """`shared/io/s3.py` is tested by `tests/shared/io/test_s3.py`; a table and an entry point have no rule in them."""
    modules = [path.relative_to(ROOT) for path in MODULES if path.name not in ("__init__.py", "__main__.py")]
    missing = [
        name(ROOT / path) for path in modules if not (ROOT / "tests" / path.parent / f"test_{path.name}").exists()
    ]
    assert not missing, "\n".join(missing)


def test_no_file_is_too_long() -> None:
    """A file has one subject."""
    lines = {name(path): len(path.read_text("utf-8").splitlines()) for path in PYTHON}
    long = [f"{path}: {count} lines" for path, count in lines.items() if count > MAX_FILE_LINES]
    assert not long, "\n".join(long)


def test_no_function_is_too_long() -> None:
    """A function fits on a screen."""
    found = (found for path in PYTHON for found in functions(path))
    long = [f"{function}: {count} lines" for function, count in found if count > MAX_FUNCTION_LINES]
    assert not long, "\n".join(long)


def test_most_functions_are_short() -> None:
    """Half of them within ten lines, nineteen in twenty within thirty."""
    lines = sorted(count for path in MODULES for _, count in functions(path))
    assert statistics.median(lines) <= 10
    assert lines[len(lines) * 95 // 100] <= 30


def test_a_file_is_named_for_its_subject() -> None:
    """What has no name has no place."""
    assert [name(path) for path in PYTHON if path.name in VAGUE_NAMES] == []


@pytest.mark.parametrize("folder", [path for path in SEAMS if (ROOT / path).exists()])
def test_every_module_of_a_seam_is_in_its_table(folder: str) -> None:
    """What is on disk but not in its table would never run."""
    package = folder.replace("/", ".")
    table = ast.parse((ROOT / folder / "__init__.py").read_text("utf-8"))
    imported = {node.module for node in ast.walk(table) if isinstance(node, ast.ImportFrom)}
    imported |= {
        f"{node.module}.{alias.name}"
        for node in ast.walk(table)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    modules = {path.stem for path in (ROOT / folder).glob("*.py")} - {"__init__"} - SEAMS[folder]
    assert {module for module in modules if f"{package}.{module}" not in imported} == set()


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_every_service_has_the_same_shape(service: Path) -> None:
    """An entry point, its settings or its shell, a short README, and an extra of its name."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    readme = service / "README.md"
    assert (service / "__main__.py").exists()
    assert (service / "settings.py").exists() or (service / "app.py").exists()
    assert readme.exists()
    assert len(readme.read_text("utf-8").splitlines()) <= MAX_README_LINES
    assert service.name in extras


def anchors(page: Path) -> set[str]:
    """Give what a link may name in a page after `#`, by GitHub's rule: a heading's words, or an anchor's own name."""
    text = FENCE.sub("", page.read_text("utf-8"))
    words = (re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(text))
    made: Counter[str] = Counter()
    found = set(ANCHOR.findall(text))
    for word in words:
        found.add(f"{word}-{made[word]}" if made[word] else word)
        made[word] += 1
    return found


def leads_somewhere(page: Path, link: str) -> bool:
    """Say whether a relative link's file, or folder, is there, and in a page the heading that it names."""
    file, _, anchor = link.partition("#")
    target = page.parent / file if file else page
    return target.exists() and (not anchor or target.suffix != ".md" or anchor in anchors(target))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """To a file, or a folder, that is there, and to a heading that it has."""
    links = [link for link in LINK.findall(page.read_text("utf-8")) if "://" not in link]
    assert [link for link in links if not leads_somewhere(page, link)] == []


def test_no_file_names_a_machine_or_a_package_registry() -> None:
    """A path of one machine helps nobody, and a registry is the reader's own to choose."""
    words = [word.encode() for word in FORBIDDEN]
    contents = {name(path): path.read_bytes() for path in FILES}
    found = [f"{path}: {word.decode()}" for path, content in contents.items() for word in words if word in content]
    assert not found, "\n".join(found)
