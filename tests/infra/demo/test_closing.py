"""The closing table says all that was shown, and what should not have been."""

from dataclasses import replace

import msgspec
import pytest

from infra.demo.closing import closing_table, flaws
from infra.demo.record import Rows, Swap
from tests.infra.demo.builders import DOCUMENTS, record, told


def test_everything_is_in_the_table() -> None:
    """Pages, rows, times, swaps, the gate, the correction, the law; and accuracies side by side."""
    lines = closing_table(record(), told()).splitlines()
    said = {head.strip(): text.strip() for head, _, text in (line.partition("  ") for line in lines)}
    assert said["crawled help-en"] == "5,120 pages in 24.5 s; refused: http-404 10"
    assert said["rejected"] == "501: language 477, no-text 24"
    assert said["rows by label"] == "calc 8,136, writer 6,000"
    assert said["first prediction"] == "98.7 s after the stack was started"
    assert said["seconds by stage"] == "crawl 39.3"
    assert said["swaps"] == "2, under 412 requests, of which 0 failed"
    assert said["answers"] == "version 1 250, version 2 100, version 3 62; the slowest in 46 ms"
    assert said["gate on version 2"] == "promote: better on short texts"
    assert said["corrected"] == "“rotate it”: writer, then calc"
    assert said["learnt by"] == "version 3, of dataset version 31"
    assert said["conservation"] == DOCUMENTS.law
    assert lines[-4:] == [
        "accuracy            version  made of             pages en  pages zh  questions en  questions zh",
        "baseline            -        TF-IDF, linear SVM  0.923     0.933     0.700         0.710",
        "first champion      1        ngrams              0.920     0.930     0.800         0.810",
        "corrected champion  3        ngrams-e5           0.921     0.931     0.900         0.910",
    ]


def test_a_label_that_a_page_s_address_brought_harms_no_terminal() -> None:
    """It is escaped; one in Chinese is not."""
    rows = Rows(split={}, label={"\x1b]0;owned\x07": 2, "表格": 1}, language={})
    table = closing_table(msgspec.structs.replace(record(), rows=rows), told())
    assert "'\\x1b]0;owned\\x07' 2, 表格 1\n" in table


def test_a_demo_in_which_all_went_well_has_no_flaws() -> None:
    """It ends with 0."""
    assert flaws(record(), told()) == []


def test_lost_pages_and_failed_requests_are_flaws() -> None:
    """Each told with its numbers."""
    lost = msgspec.structs.replace(DOCUMENTS, kept=DOCUMENTS.kept - 1, unaccounted=1)
    found = flaws(msgspec.structs.replace(record(), documents=lost, swap=Swap(requests=412, failed=3)), told())
    assert len(found) == 2
    assert "1 unaccounted for" in found[0]
    assert "3 of 412 requests failed" in found[1]


@pytest.mark.parametrize(
    ("answered", "promoted", "unseen"),
    [
        ((1, 2, 3), (1, 2, 3), []),
        ((1, 3), (1, 3), []),
        ((1,), (1,), []),
        ((2, 3), (1, 2, 3), [(1, 2)]),
        ((1, 3), (1, 2, 3), [(1, 2), (2, 3)]),
        ((2, 1), (1, 2), [(1, 2)]),
        ((), (1, 2), [(1, 2)]),
    ],
)
def test_a_swap_that_no_request_saw_is_a_flaw(
    answered: tuple[int, ...], promoted: tuple[int, ...], unseen: list[tuple[int, int]]
) -> None:
    """A promoted version is to answer in place of the one before it, while customers ask."""
    shown = replace(told(), answers=dict.fromkeys(answered, 9), promoted=promoted)
    assert flaws(record(), shown) == [
        f"version {after} was promoted, and was not seen to answer in place of version {before} while requests went on."
        for before, after in unseen
    ]
