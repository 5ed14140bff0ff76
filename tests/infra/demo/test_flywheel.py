"""The example's flywheel, for a site at another port."""

from pathlib import Path

import pytest

from infra.demo import flywheel
from infra.demo.flywheel import SITE, write_flywheel
from infra.local.flywheel import EXAMPLE
from shared.flywheel.load import load_flywheel


def test_only_the_site_s_address_differs(tmp_path: Path) -> None:
    """Both sources are read from there."""
    written = write_flywheel("http://127.0.0.1:21000", tmp_path / "millrace.toml")
    assert [source.hosts for source in written.sources] == [("127.0.0.1",)] * 2
    assert all(url.startswith("http://127.0.0.1:21000/") for one in written.sources for url in one.sitemap_urls)
    text = (tmp_path / "millrace.toml").read_text("utf-8")
    assert text.replace("http://127.0.0.1:21000", SITE) == EXAMPLE.read_text("utf-8")


def test_the_example_is_what_the_demo_is_about() -> None:
    """A quick recipe first, and one that challenges it; corrections need no review."""
    example = load_flywheel(EXAMPLE)
    (task,) = example.tasks
    assert [recipe.encoders for recipe in task.recipes] == [
        ("hashed-ngram",),
        ("hashed-ngram", "e5-small-multilingual"),
    ]
    assert example.feedback.review == "auto"


def test_an_example_that_names_another_address_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The crawl would find nothing there."""
    other = tmp_path / "other.toml"
    other.write_text(EXAMPLE.read_text("utf-8").replace(SITE, "http://127.0.0.1:1"), "utf-8")
    monkeypatch.setattr(flywheel, "EXAMPLE", other)
    with pytest.raises(ValueError, match="doesn't name"):
        write_flywheel("http://127.0.0.1:21000", tmp_path / "millrace.toml")
