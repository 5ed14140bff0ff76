"""Reasons by name."""

from spiders.refusal import NOT_SENT, ROBOTS_DENIED, Refused, http_error


def test_a_refusal_says_its_reason() -> None:
    """With what was seen, where something was."""
    assert (str(Refused("empty")), str(Refused("not-html", "image/png"))) == ("empty", "not-html: image/png")


def test_reasons_of_answers_are_named_by_status() -> None:
    """They can be listed one by one."""
    assert http_error(404) == "http-404"


def test_what_was_not_asked_for_is_not_sent() -> None:
    """It is counted alone."""
    assert ROBOTS_DENIED in NOT_SENT
    assert http_error(404) not in NOT_SENT
