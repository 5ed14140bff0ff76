"""Tests of what a source's rules say of a page."""

import pytest

from shared.flywheel.config import GroupRule, LabelRule, Source
from shared.flywheel.rules import group_of, labels_of

SITE = "https://www.example.org"


def source(group: GroupRule | None = None, **labels: LabelRule) -> Source:
    """Build a source with rules."""
    return Source(name="my-site", start_urls=(f"{SITE}/",), licence="MPL-2.0", group=group, labels=labels)


@pytest.mark.parametrize(
    ("path", "labels"),
    [
        ("/en/scalc/a.html", {"application": "calc"}),
        ("/en/sdatabase/a.html?x#y", {"application": "base"}),
        ("/en/shared/a.html", {}),
        ("/en/s%63alc/a.html", {"application": "calc"}),
        ("/en/s/a.html", {}),
    ],
)
def test_labels_are_read_from_the_path(path: str, labels: dict[str, str]) -> None:
    """Under another name where the rule gives one; a page that doesn't match, or an empty group, has none."""
    rule = LabelRule(path="^/[^/]+/s(calc|database|)/", values={"database": "base"})
    assert labels_of(source(application=rule), SITE + path) == labels


@pytest.mark.parametrize(
    ("rule", "path", "group"),
    [
        (None, "/en/a.html", f"my-site:{SITE}/en/a.html"),
        (GroupRule(path="^/[^/]+(/.*)$"), "/en/a.html", "my-site:/a.html"),
        (GroupRule(path="^/[^/]+(/.*)$", name="both"), "/zh/a.html", "both:/a.html"),
        (GroupRule(path="^/[^/]+(/.*)$", name="both"), "/a.html", f"both:{SITE}/a.html"),
    ],
)
def test_groups_are_named_by_the_rule(rule: GroupRule | None, path: str, group: str) -> None:
    """Sources that give one name share groups; a page that doesn't match is a group of its own."""
    assert group_of(source(rule), SITE + path) == group


@pytest.mark.parametrize(
    "spelling", ["/zh/../en/scalc/a.html", "/en/./scalc/a.html", "/en/s%63alc/a.html", "/en/scalc/a.html#b"]
)
@pytest.mark.parametrize("rule", [None, GroupRule(path="^(/en/[^/]*)/"), GroupRule(path="^/fr(/.*)$")])
def test_every_spelling_of_a_url_has_the_same_group_and_labels(spelling: str, rule: GroupRule | None) -> None:
    """They name one document, which would be in two splits."""
    rules = source(rule, application=LabelRule(path="^/en/s([^/]+)/"))
    assert group_of(rules, SITE.upper().replace("HTTPS", "https") + spelling) == group_of(
        rules, SITE + "/en/scalc/a.html"
    )
    assert labels_of(rules, SITE + spelling) == {"application": "calc"}
