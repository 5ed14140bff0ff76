"""Hosts and paths are compared by what they mean."""

import pytest

from shared.flywheel.reach import first_kept_out, host_name, meant_path


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/en/%65n", "/en/en"),
        ("/en//old/", "/en/old/"),
        ("/en/x%2F..%2Fold", "/en/old"),
        ("/en/..", "/"),
        ("/en/a/..", "/en/"),
        ("/.hidden/a.", "/.hidden/a."),
    ],
)
def test_a_path_is_what_servers_read(path: str, meant: str) -> None:
    """Escapes, slashes and dots are no way around a rule."""
    assert meant_path(path) == meant


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("EXAMPLE.org.", "example.org"),
        ("[::1]", "::1"),
        ("bücher.de", "xn--bcher-kva.de"),
        ("a" * 70 + ".de", "a" * 70 + ".de"),
    ],
)
def test_a_host_has_one_name(host: str, name: str) -> None:
    """However it is spelt."""
    assert host_name(host) == name


@pytest.mark.parametrize(
    ("key", "values", "kept_out"),
    [
        ("allowed_hosts", (), ""),
        ("allowed_hosts", ("example.org", "www.example.org", "::1"), ""),
        ("allowed_hosts", ("www.example.org",), "http://[0:0:0:0:0:0:0:1]/s.xml of sitemap_urls"),
        ("allowed_hosts", ("::1", "www.example.org.evil.net"), "http://WWW.Example.ORG:8080 of start_urls"),
        ("allowed_paths", ("/",), ""),
        ("allowed_paths", ("/s.xml", "/帮助/"), "http://WWW.Example.ORG:8080 of start_urls"),
        ("allowed_paths", (), "http://WWW.Example.ORG:8080 of start_urls"),
        ("denied_paths", (), ""),
        ("denied_paths", ("/s.xml", "/%E5%B8%AE/"), ""),
        ("denied_paths", ("//帮%E5%8A%A9",), "http://www.example.org/%E5%B8%AE%E5%8A%A9/x of start_urls"),
    ],
)
def test_what_a_source_begins_with_may_be_kept_out(key: str, values: tuple[str, ...], kept_out: str) -> None:
    """A page by its host and its path, a sitemap by its host; ports and letter case are no part of it."""
    starts = ("http://WWW.Example.ORG:8080", "http://www.example.org/%E5%B8%AE%E5%8A%A9/x")
    source = {"start_urls": starts, "sitemap_urls": ("http://[0:0:0:0:0:0:0:1]/s.xml",)}
    assert first_kept_out(source, key, values) == kept_out


def test_keys_of_which_one_was_refused_keep_nothing_out() -> None:
    """That fault is told first."""
    assert first_kept_out({}, "allowed_paths", ("/docs/",)) == ""
