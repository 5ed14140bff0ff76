"""Tests of what texts must look like."""

from collections.abc import Callable

import pytest

from shared.flywheel.forms import host, page_url, path, path_rule, short_name

Rule = Callable[[str], str]


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (short_name, "libreoffice-help-en"),
        (short_name, "a" * 63),
        (page_url, "http://127.0.0.1:8808/sitemap-zh-CN.xml"),
        (page_url, "https://[::1]/标题?a=b"),
        (host, "www.example.org"),
        (host, "127.0.0.1"),
        (host, "::1"),
        (host, "xn--fiqs8s.cn"),
        (path, "/"),
        (path, "/zh-CN/text/"),
        (path_rule, "^/[^/]+(/.*)$"),
        (path_rule, r"^/(\d{4})/"),
    ],
)
def test_what_is_right_comes_back(rule: Rule, value: str) -> None:
    """Unchanged: what stands in the file is what is meant."""
    assert rule(value) == value


@pytest.mark.parametrize(
    ("rule", "value", "flaw"),
    [
        (short_name, "My Site", "not a name"),
        (short_name, "a--b", "not a name"),
        (short_name, "a" * 64, "not a name"),
        (short_name, "", "not a name"),
        (page_url, "www.example.org", "not an http://"),
        (page_url, "file:///etc/passwd", "not an http://"),
        (page_url, "http:///x", "not an http://"),
        (page_url, "http://anna:secret@example.org/", "a user name and password"),
        (page_url, "http://example.org:99999/", "names no document"),
        (page_url, "http://example.org/a b", "a space or a control character"),
        (page_url, "http://example.org/\x1b", "a space or a control character"),
        (page_url, "http://example.org/{lang}/", "placeholders"),
        (host, "http://example.org", "a scheme or a path"),
        (host, "example.org/x", "a scheme or a path"),
        (host, "example.org:80", "a port"),
        (host, "*.example.org", "no wildcards"),
        (host, "Example.org", "lower-case"),
        (host, "中国.cn", "xn--"),
        (host, "", "not a host"),
        (path, "en-US/", "begins with /"),
        (path, "/{lang}/", "placeholders"),
        (path_rule, "(", "not a regular expression"),
        (path_rule, "x", "exactly one group in brackets, and has 0"),
        (path_rule, "(a)(b)", "has 2"),
        (path_rule, "(a+)+", "for ever"),
        (path_rule, f"({'a' * 500})", "longer than 500"),
        (path_rule, "(a{99999999999999999999})", "not a regular expression"),
    ],
)
def test_what_is_wrong_is_refused_with_its_flaw(rule: Rule, value: str, flaw: str) -> None:
    """In words that say what to change."""
    with pytest.raises(ValueError, match=flaw.replace("(", r"\(")):
        rule(value)
