"""Tests of the tables and keys of `millrace.toml`."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.flywheel.config import CHINESE, Flywheel
from tests.shared.flywheel.builders import DATASET, SOURCE, flywheel, refused


def test_a_short_file_is_enough(tmp_path: Path) -> None:
    """A site, its licence and the dataset's name; all else has a default that is fit for a site of others."""
    found = flywheel(tmp_path)
    (source,) = found.sources
    assert found.source("my-site") is source
    assert (source.delay_seconds, source.concurrency, source.languages) == (1.0, 1, ("en", "zh"))
    assert found.cleaning.zh == CHINESE
    with pytest.raises(KeyError):
        found.source("another")


@pytest.mark.parametrize(
    ("key", "hosts"),
    [
        ("", ("www.example.org", "[::1]".strip("[]"))),
        ('allowed_hosts = ["www.example.org", "::1", "b.org"]', ("www.example.org", "::1", "b.org")),
    ],
)
def test_hosts_are_those_of_the_addresses_unless_they_are_named(
    tmp_path: Path, key: str, hosts: tuple[str, ...]
) -> None:
    """Ports are no part of a host; each is named once."""
    more = 'sitemap_urls = ["https://www.example.org:8443/a.xml", "http://[::1]/b.xml"]\n'
    assert flywheel(tmp_path, SOURCE + more + key + "\n" + DATASET).sources[0].hosts == hosts


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("delay_seconds = 0", "no pause is for loopback addresses only, and www.example.org is none"),
        ('delay_seconds = 0\nallowed_hosts = ["127.0.0.1", "www.example.org"]', "and www.example.org is none"),
        ("expected = { min_pages = 5, max_pages = 4 }", "max_pages = 4 (source my-site): less than min_pages"),
        ("page_limit = 9\nexpected = { min_pages = 10 }", "min_pages is more than page_limit, which is 9"),
        ("delay_seconds = nan", "delay_seconds = nan (source my-site): not a number"),
        ("concurrency = true", "concurrency = true (source my-site): not a whole number"),
        ('page_limit = "10"', 'page_limit = "10" (source my-site): not a whole number'),
        ("languages = []", "languages = [] (source my-site): empty"),
        ('licence = ""', "empty"),
        (
            'labels.kind = { path = "(x)", values = { x = "calc", y = "" } }',
            ':5: [sources.labels.kind.values] y = "" (source my-site): empty. Give non-empty text by name.',
        ),
        ('labels.Kind.path = "(x)"', "[sources.labels] Kind (source my-site): not a name"),
    ],
)
def test_what_can_not_work_is_refused(tmp_path: Path, lines: str, told: str) -> None:
    """Before anything starts."""
    source = "\n".join(line for line in SOURCE.splitlines() if line.split()[0] != lines.split(maxsplit=1)[0])
    (fault,) = refused(tmp_path, f"{source}\n{lines}\n{DATASET}")
    assert told in fault


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ('allowed_paths = ["/docs/"]', 'millrace.toml:6: [[sources]] allowed_paths = ["/docs/"] (source my-site): '),
        ('denied_paths = ["/x", "/"]', 'millrace.toml:6: [[sources]] denied_paths = ["/x", "/"] (source my-site): '),
        ('allowed_hosts = ["example.org"]', 'millrace.toml:6: [[sources]] allowed_hosts = ["example.org"] '),
    ],
)
def test_a_source_that_keeps_its_crawl_from_beginning_is_refused(tmp_path: Path, lines: str, told: str) -> None:
    """By its own bounds; the crawl would bring nothing."""
    (fault,) = refused(tmp_path, f'{SOURCE}sitemap_urls = ["https://www.example.org/s.xml"]\n{lines}\n{DATASET}')
    assert fault.startswith(told)
    assert "this way https://www.example.org/ of start_urls would not be fetched: let it in, or begin" in fault


def test_a_sitemap_outside_of_the_hosts_is_refused(tmp_path: Path) -> None:
    """It may lie beside the paths, but on no other host."""
    source = '[[sources]]\nname = "my-site"\nlicence = "MPL-2.0"\nsitemap_urls = ["https://www.example.org/s.xml"]\n'
    assert refused(tmp_path, source + 'allowed_paths = ["/docs/"]\n' + DATASET) == []
    (fault,) = refused(tmp_path, source + 'allowed_hosts = ["example.org"]\n' + DATASET)
    assert "this way https://www.example.org/s.xml of sitemap_urls would not be fetched" in fault


def test_where_a_crawl_begins_is_compared_by_what_it_means(tmp_path: Path) -> None:
    """As the crawl itself compares."""
    source = SOURCE.replace("https://www.example.org/", "https://WWW.Example.org:443/%64ocs//a")
    lines = 'allowed_hosts = ["www.example.org"]\nallowed_paths = ["/docs/"]\ndenied_paths = ["/docs/b"]\n'
    assert refused(tmp_path, source + lines + DATASET) == []


def test_a_loopback_site_needs_no_pause(tmp_path: Path) -> None:
    """Nobody else is served by it."""
    text = SOURCE.replace("https://www.example.org/", "http://127.0.0.1:8808/") + "delay_seconds = 0\n"
    assert flywheel(tmp_path, text + DATASET).sources[0].delay_seconds == 0


def test_a_profile_that_says_one_thing_keeps_the_defaults_of_its_language(tmp_path: Path) -> None:
    """Chinese has thresholds of its own, whatever else is said of it."""
    found = flywheel(tmp_path, SOURCE + DATASET + "[cleaning.zh]\nmin_characters = 60\n").cleaning.zh
    assert found == CHINESE.model_copy(update={"min_characters": 60})


def test_a_text_can_not_be_longer_than_it_is_short(tmp_path: Path) -> None:
    """The thresholds of one language agree."""
    text = SOURCE + DATASET + "[cleaning.zh]\nmin_characters = 60\nmax_characters = 50\n"
    assert "[cleaning.zh] max_characters = 50: less than min_characters, which is 60." in refused(tmp_path, text)[0]


def test_a_flywheel_made_in_code_agrees_as_well(tmp_path: Path) -> None:
    """The file is not the only way to one."""
    right = flywheel(tmp_path)
    with pytest.raises(ValidationError, match="number 1 of"):
        Flywheel(sources=(*right.sources, *right.sources), dataset=right.dataset)
