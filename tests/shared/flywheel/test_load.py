"""Tests of reading `millrace.toml`."""

from pathlib import Path

import pytest

from shared.flywheel.load import FlywheelError, load_flywheel
from shared.settings import SettingsError
from tests.shared.flywheel.builders import DATASET, SOURCE, flywheel, refused

ROOT = Path(__file__).parents[3]
MANY_FAULTS = """\
[[sources]]
name = "my-site"
start_urls = [
  "https://www.example.org/",
  "ftp://www.example.org/",
]
licence = 1
page_limt = 10

[sources.expected]
min_pages = "many"

[[sources]]
name = "my-site"
sitemap_urls = ["https://www.example.org/sitemap.xml"]
delay_seconds = 0

[dataset]
ready = { new_rows = 5.5 }

[[tasks]]
name = "kind"
label = "kind"
"""


def test_every_fault_is_told_at_once_with_line_key_value_and_remedy(tmp_path: Path) -> None:
    """Whatever kind of fault it is, one run tells of it: nobody mends a file one line at a time."""
    name = "lower-case letters, digits and single hyphens, at most 63"
    assert refused(tmp_path, MANY_FAULTS) == [
        'millrace.toml:5: [[sources]] start_urls[1] = "ftp://www.example.org/" (source my-site): not an http:// or '
        "https:// address with a host. Give a list, each item an http:// or https:// address, such as "
        '["https://www.example.org/"].',
        'millrace.toml:7: [[sources]] licence = 1 (source my-site): not text in quotes. Give text, such as "MPL-2.0".',
        "millrace.toml:8: [[sources]] page_limt = 10 (source my-site): unknown. Did you mean page_limit?",
        'millrace.toml:11: [sources.expected] min_pages = "many" (source my-site): not a whole number. Give a whole '
        "number of pages from 0 to 100,000,000, by default 1.",
        'millrace.toml:13: [[sources]] licence (source my-site) is missing. Give text, such as "MPL-2.0".',
        'millrace.toml:14: [[sources]] name = "my-site" (source my-site): number 1 of [[sources]] has that name '
        f"already. Give {name}.",
        "millrace.toml:16: [[sources]] delay_seconds = 0 (source my-site): no pause is for loopback addresses only, "
        "and www.example.org is none. Give a number of seconds from 0 to 31,536,000, by default 1.0.",
        f"millrace.toml:18: [dataset] name is missing. Give {name}.",
        "millrace.toml:19: [dataset.ready] new_rows = 5.5: not a whole number. Give a whole number of rows from 0 to "
        "1,000,000,000, by default 500.",
        'millrace.toml:23: [[tasks]] label = "kind" (task kind): no source has a label of that name; give a source a '
        f"[sources.labels.…] table. Give {name}.",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = \n", 'millrace.toml:1: no TOML, column 5: Invalid value. The line is "x ="'),
        ("\n\n[dataset\n", "millrace.toml:3: no TOML, column 9: Expected ']'"),
        ('a = 1\nb = """x\n', "millrace.toml:2: no TOML, at the end of the file: Unterminated string."),
        ("a = 1\na = 2\n", "millrace.toml:2: no TOML"),
        (b"a = 1\nb = '\xff'\n", "millrace.toml:2: the byte 0xff is no UTF-8. Save the file as UTF-8."),
        ("a = " + "[" * 100_000, "millrace.toml: lists or tables lie too deep in each other."),
        ("", "millrace.toml:1: [[sources]] is missing. Give a list of tables with name and licence."),
    ],
)
def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path, text: str | bytes, told: str) -> None:
    """Not a trace of Python's stack."""
    assert refused(tmp_path, text)[0].startswith(told)


def test_a_file_that_is_not_there_has_a_remedy(tmp_path: Path) -> None:
    """Somebody who starts has no file yet."""
    with pytest.raises(FlywheelError, match=r"nothing\.toml: there is no such file.*--config.*MILLRACE_CONFIG"):
        load_flywheel(tmp_path / "nothing.toml")
    with pytest.raises(FlywheelError, match=r"it can't be read \(Is a directory\)"):
        load_flywheel(tmp_path)


def test_a_fault_is_a_fault_of_the_settings(tmp_path: Path) -> None:
    """A process that gets one prints it alone and exits as for any wrong setting."""
    with pytest.raises(SettingsError):
        load_flywheel(tmp_path / "nothing.toml")


def test_a_file_of_another_editor_is_read(tmp_path: Path) -> None:
    """A byte-order mark and Windows' line ends are no faults."""
    (tmp_path / "millrace.toml").write_bytes(b"\xef\xbb\xbf" + (SOURCE + DATASET).replace("\n", "\r\n").encode())
    assert load_flywheel(tmp_path / "millrace.toml") == flywheel(tmp_path)


def test_the_lines_are_right_whatever_the_line_ends(tmp_path: Path) -> None:
    """A line is a line on every system."""
    (told,) = refused(tmp_path, (SOURCE + DATASET + "x = 1\n").replace("\n", "\r\n"))
    assert told.startswith("millrace.toml:7: [dataset] x = 1: unknown.")


@pytest.mark.parametrize("file", sorted(ROOT.glob("examples/*/millrace.toml")), ids=lambda file: file.parent.name)
def test_every_example_is_right(file: Path) -> None:
    """What users copy works."""
    assert load_flywheel(file).sources
