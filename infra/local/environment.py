"""Endpoints and credentials: made at first start, kept in `.millrace/env`, read by `shared.settings`."""

import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

_HEADER = "# Written by the local stack; endpoints follow the ports, credentials were made at first start.\n"
_SECRET_BYTES = 24


def read_environment(path: Path) -> dict[str, str]:
    """Read KEY=VALUE lines; nothing where there is no file."""
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip() for key, value in pairs}


def write_environment(path: Path, environment: Mapping[str, str]) -> None:
    """Replace the file, readable by this user alone from its first byte on."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    text = _HEADER + "".join(f"{key}={value}\n" for key, value in sorted(environment.items()))
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def keep_or_make_secrets(names: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
    """Give each name its `known` secret, or a new one of letters, digits, `-` and `_`."""
    return {name: known.get(name) or secrets.token_urlsafe(_SECRET_BYTES) for name in names}
