"""What callers may send: nothing that we don't know, and no more than a form holds."""

import msgspec
import pytest

from services.gateway.core.messages import ClassifyRequest, FeedbackRequest


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (ClassifyRequest, b'{"text": "x", "consents": true}'),
        (ClassifyRequest, b'{"text": "x", "consent": 1}'),
        (ClassifyRequest, b'{"text": "x", "model": "%s"}' % (b"m" * 64)),
        (FeedbackRequest, b'{"request_id": "r", "kind": "praise"}'),
        (FeedbackRequest, b'{"kind": "thumb-up"}'),
        (FeedbackRequest, b'{"request_id": "%s", "kind": "thumb-up"}' % (b"r" * 513)),
    ],
)
def test_what_is_not_in_the_form_is_refused(kind: type[msgspec.Struct], body: bytes) -> None:
    """A misspelt `consent` must not be taken for none."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=kind)


def test_what_may_be_left_out_has_the_careful_value() -> None:
    """No consent."""
    assert not msgspec.json.decode(b'{"text": "x"}', type=ClassifyRequest).consent
    assert not msgspec.json.decode(b'{"request_id": "r", "kind": "thumb-up"}', type=FeedbackRequest).consent
