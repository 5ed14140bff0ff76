"""Short files of flywheels, whole and right but for what a test changes."""

from pathlib import Path

from shared.flywheel.config import Flywheel
from shared.flywheel.load import FlywheelError, load_flywheel

SOURCE = """\
[[sources]]
name = "my-site"
start_urls = ["https://www.example.org/"]
licence = "MPL-2.0"
"""
DATASET = """\
[dataset]
name = "my-data"
"""


def flywheel(folder: Path, text: str = SOURCE + DATASET) -> Flywheel:
    """Load the file that `text` makes; raises `FlywheelError`."""
    file = folder / "millrace.toml"
    file.write_text(text, "utf-8")
    return load_flywheel(file)


def refused(folder: Path, text: str | bytes) -> list[str]:
    """Give the faults of the file that `text` makes, each without the folder in front."""
    file = folder / "millrace.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    try:
        load_flywheel(file)
    except FlywheelError as error:
        return [line.removeprefix(f"{folder}/") for line in str(error).split("\n")]
    return []
