"""Names are remembered, and are those of the contracts."""

import pytest

from shared.contracts.identity import NotAUrl, canonical_url
from spiders.names import MOST_CHARACTERS, canonical


def test_a_name_is_that_of_the_contracts() -> None:
    """At the first look and at the second."""
    for _ in range(2):
        assert canonical("HTTP://A.org:80/%7Ex#y") == canonical_url("HTTP://A.org:80/%7Ex#y") == "http://a.org/~x"


def test_what_names_nothing_is_told_each_time() -> None:
    """It is not remembered as a name."""
    for _ in range(2):
        with pytest.raises(NotAUrl):
            canonical("nothing")


def test_a_long_url_has_its_name_too() -> None:
    """It is named anew each time, for many of them would fill the memory."""
    url = "https://a.org/" + "x" * MOST_CHARACTERS
    assert canonical(url) == canonical(url) == url
    assert canonical(url) is not canonical(url)
