"""Writes the reference pages of the settings, the metrics and `millrace.toml`, and the latter's JSON Schema.

`python -m shared.reference` writes them; with `--check` it writes nothing and says what is stale.
"""

import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Final, Literal, get_args, get_origin

from prometheus_client import CollectorRegistry
from pydantic.fields import FieldInfo

from shared.flywheel import reference as flywheel
from shared.settings import SETTINGS, Settings, is_secret, variable
from shared.telemetry.metric_names import DESCRIPTIONS, LABELS, MetricName
from shared.telemetry.metrics import StreamMetrics
from shared.unit import Unit

REFERENCE: Final = Path("docs/reference")
FLYWHEEL_SCHEMA: Final = Path("shared/flywheel/millrace.schema.json")
COMMAND: Final = "python -m shared.reference"
GENERATED: Final = f"<!-- Written by `{COMMAND}`; change the code and run it again. -->"

SETTINGS_HEAD: Final = """# Settings

Every variable is looked for in the environment, and then in the file `env` (KEY=VALUE lines) of the folder that
`MILLRACE_HOME` names, `.millrace` where that is not set. An empty variable counts as none. What is missing or wrong is
named when a process starts, with its place and its remedy, and the process exits with 78: a supervisor leaves it down.
"""
METRICS_HEAD: Final = """# Metrics

Served at `/metrics` on the port that `TELEMETRY_METRICS_PORT` names, beside `/livez` and `/readyz`. Each has the label
`service`; Prometheus's own `process_*` (memory, CPU, file descriptors) are there too.
"""


def settings_page() -> str:
    """Write the page of all variables: those that processes share, then those of one alone."""
    every = (*SETTINGS, *_own_settings(Path(__file__).parents[1]))
    return "\n".join([SETTINGS_HEAD, GENERATED, *(line for settings in every for line in _section(settings)), ""])


def metrics_page() -> str:
    """Write the page of all metrics."""
    families = {family.name: family.type for registry in registries() for family in registry.collect()}
    names: tuple[MetricName, ...] = get_args(MetricName)
    rows = [
        _row(f"`{name}`", families[name.removesuffix("_total")], _labels(name), DESCRIPTIONS[name]) for name in names
    ]
    return "\n".join([METRICS_HEAD, GENERATED, "", *_table_head("Metric", "Type", "Labels", "Meaning"), *rows, ""])


def registries() -> tuple[CollectorRegistry, ...]:
    """Give a registry of every metric: the stream runner's, and those that services keep for themselves."""
    return (StreamMetrics("reference").registry, *_own_registries(Path(__file__).parents[1]))


def pages() -> dict[Path, str]:
    """Give every page, and the schema, by its path in the repository."""
    return {
        REFERENCE / "settings.md": settings_page(),
        REFERENCE / "metrics.md": metrics_page(),
        REFERENCE / "millrace-toml.md": flywheel.page(GENERATED),
        FLYWHEEL_SCHEMA: flywheel.schema(),
    }


def stale(root: Path) -> list[Path]:
    """Name the pages under `root` that are missing or not what the code says."""
    return [path for path, text in pages().items() if not _is_file_with(root / path, text)]


def write(root: Path) -> None:
    """Write the pages under `root`."""
    for path, text in pages().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def main(arguments: Sequence[str], root: Path) -> int:
    """Write the pages, or with `--check` say which are stale; gives the exit code."""
    if "--check" not in arguments:
        write(root)
        return 0
    old = stale(root)
    if old:
        sys.stderr.write(f"{', '.join(map(str, old))} not as the code says. Run: {COMMAND}\n")
    return 1 if old else 0


def _own_registries(root: Path) -> Iterator[CollectorRegistry]:
    """Find the metrics that services keep for themselves, by file as their settings."""
    for path in sorted(root.glob("services/*/metrics.py")):
        module = _module(path, root)
        own = (kind for name, kind in vars(module).items() if name.endswith("Metrics") and isinstance(kind, type))
        yield from (kind().registry for kind in own if kind.__module__ == module.__name__)


def _own_settings(root: Path) -> Iterator[type[Settings]]:
    """Find the settings that each service, and the spiders, keep for themselves: by file, for we may import none."""
    for path in sorted([*root.glob("services/*/settings.py"), *root.glob("spiders/settings.py")]):
        module = _module(path, root)
        own = (kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, Settings))
        yield from (kind for kind in own if kind.__module__ == module.__name__)


def _module(path: Path, root: Path) -> ModuleType:
    return import_module(".".join(path.relative_to(root).with_suffix("").parts))


def _is_file_with(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def _section(settings: type[Settings]) -> Iterator[str]:
    yield from ("", f"## {variable(settings, '*')}", "", (settings.__doc__ or "").strip(), "")
    yield from _table_head("Variable", "Type", "Default", "Unit", "Meaning")
    for name, field in settings.model_fields.items():
        unit = next((given.name for given in field.metadata if isinstance(given, Unit)), "")
        yield _row(f"`{variable(settings, name)}`", _type(field), _default(field), unit, field.description or "")


def _type(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(field.annotation))
    if is_secret(field):
        return "secret"
    kinds = [_bare(kind) for kind in get_args(field.annotation) or (field.annotation,)]
    names = {str: "text", int: "whole number", float: "number", bool: "`true` or `false`", Path: "path"}
    return " or ".join(names[kind] for kind in kinds if kind in names)


def _bare(kind: Any) -> object:  # noqa: ANN401 - any annotation
    """Give the type without what is said of it."""
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return f"required, such as `{field.examples[0]}`" if field.examples else "required"
    if field.default_factory is not None:
        return "of the machine"
    if isinstance(field.default, bool):
        return f"`{field.default}`".lower()
    return "" if field.default is None else f"`{field.default}`"


def _labels(name: MetricName) -> str:
    return ", ".join(f"`{label}`" for label in LABELS[name])


def _table_head(*titles: str) -> tuple[str, str]:
    return _row(*titles), _row(*("---" for _ in titles))


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path.cwd()))
