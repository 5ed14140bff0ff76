"""Writes a file whole or not at all, whoever is killed, or whatever disk is full, meanwhile."""

from pathlib import Path


def replace_file(path: Path, data: bytes) -> None:
    """Let the file hold `data`; a write that fails leaves it as it was."""
    draft = path.with_name(f".{path.name}.new")
    draft.write_bytes(data)
    draft.replace(path)
