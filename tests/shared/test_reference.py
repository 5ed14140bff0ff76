"""Tests of the generated reference pages."""

from pathlib import Path

import pytest

from shared.reference import main, metrics_page, pages, settings_page, stale

ROOT = Path(__file__).parents[2]


def test_the_pages_in_the_repository_are_what_the_code_says() -> None:
    """Whoever changes a setting or a metric writes the pages again."""
    assert stale(ROOT) == []


@pytest.mark.parametrize(
    "row",
    [
        "| `S3_SECRET_KEY` | secret | required, such as `<secret>` |  | The access key's secret. |",
        "| `STREAM_WITHIN_SECONDS` | number | `0.05` | seconds | How long a batch waits to be full. |",
        "| `STREAM_LEAVE_ON_STOP` | `true` or `false` | `false` |  | Leave the group at a stop, for scaling down. |",
        "| `CURATOR_SMALL_BYTES` | whole number | `8388608` | bytes | A shard below this is small. |",
    ],
)
def test_settings_are_listed(row: str) -> None:
    """A row tells variable, type, default, unit and meaning; of those that one service keeps for itself, too."""
    assert row in settings_page().splitlines()


def test_the_page_is_the_same_on_every_machine() -> None:
    """A default that depends on the machine's cores is not written as a number."""
    assert "| `STREAM_POOL_WORKERS` | whole number | of the machine |" in settings_page()


def test_metrics_are_listed() -> None:
    """A row tells name, type, labels and meaning."""
    row = "| `millrace_retries_total` | counter | `target` | Attempts that had to be made again, by server. |"
    assert row in metrics_page().splitlines()


def test_check_says_what_is_stale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A check changes nothing and fails for a page that is missing or old; writing mends it."""
    assert main(["--check"], tmp_path) == 1
    assert not any(tmp_path.iterdir())
    assert "settings.md" in capsys.readouterr().err
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    page = tmp_path / next(iter(pages()))
    page.write_text(page.read_text() + "edited by hand")
    assert stale(tmp_path) == [next(iter(pages()))]
