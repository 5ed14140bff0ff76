"""What is in a tree of help pages."""

from pathlib import Path

import pytest

from infra.site.tree import SiteError, files_of, flat, languages_of, pages_of, slice_of
from tests.infra.site.builders import APPLICATIONS, page, plant


def test_a_language_is_a_folder_that_has_pages(root: Path) -> None:
    """Not one that holds pictures, or no page yet."""
    (root / "de" / "text" / "scalc").mkdir(parents=True)
    plant(root, "media/scalc/main.html")
    assert languages_of(root) == ["en-US", "zh-CN"]


def test_a_tree_that_is_not_there_has_no_language(tmp_path: Path) -> None:
    """So it is to be fetched."""
    assert languages_of(tmp_path / "nowhere") == []


def test_pages_are_listed_by_language_and_application_in_order(root: Path) -> None:
    """No other file is a page."""
    plant(root, "en-US/text/stray.html")
    plant(root, "en-US/text/scalc/00/picture.svg")
    pages = pages_of(root)
    assert {name: len(found) for name, found in pages["zh-CN"].items()} == APPLICATIONS
    assert pages["en-US"]["scalc"] == [page("en-US", "scalc", number) for number in range(3)]


def test_a_tree_without_pages_is_refused(tmp_path: Path) -> None:
    """With the remedy."""
    with pytest.raises(SiteError, match=r"has no pages .* Remedy: python -m infra\.site fetch"):
        pages_of(tmp_path)


@pytest.mark.parametrize(
    ("limit", "counts"),
    [(1, (1, 0, 0)), (3, (1, 1, 1)), (5, (2, 2, 1)), (8, (3, 4, 1)), (9, (3, 5, 1)), (99, (3, 5, 1))],
)
def test_a_slice_is_even_over_the_applications(root: Path, limit: int, counts: tuple[int, ...]) -> None:
    """The first pages of each; where one has no more, the others give."""
    for language, applications in slice_of(pages_of(root), limit).items():
        assert tuple(map(len, applications.values())) == counts
        assert applications["scalc"] == [page(language, "scalc", number) for number in range(counts[0])]
        assert len(flat(applications)) == sum(counts)


def test_the_slices_of_two_languages_are_translations(root: Path) -> None:
    """So a slice has whole groups."""
    english, chinese = (flat(applications) for applications in slice_of(pages_of(root), 5).values())
    assert [one.replace("en-US", "zh-CN") for one in english] == chinese


def test_no_file_outside_of_the_tree_is_listed(root: Path) -> None:
    """Links out of it, and links to nothing, are left out; one within it stays."""
    secret = plant(root.parent, "secret.txt", "secret")
    (root / "out.txt").symlink_to(secret)
    (root / "nowhere.txt").symlink_to(root / "gone")
    (root / "folder").symlink_to(root.parent)
    (root / "style.css").symlink_to(root / "default.css")
    names = set(files_of(root))
    assert {"style.css", "default.css", "media/a picture.svg", page("en-US", "scalc", 0)} <= names
    assert not {"out.txt", "nowhere.txt", "folder", "folder/secret.txt"} & names
