"""A prediction as it is recorded, and the id that says the same."""

from datetime import UTC, datetime

from services.gateway.core.predictions import Asked, best, facts_of, prediction
from services.gateway.core.request_ids import RequestIds, tag
from tests.shared.models.builders import manifest

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
IDS = RequestIds("the secret of the tests", "acme")
FACTS = facts_of(manifest(version=7))


def test_it_says_what_was_answered_by_whom_for_whom() -> None:
    """And the id claims the same."""
    made = prediction(FACTS, "number the pages", [0.25, 0.75], IDS, Asked(NOW, 1_234, consent=False))
    assert (made.customer, made.model, made.model_version, made.dataset_version) == ("acme", "topic", 7, 4)
    assert (made.label, made.probabilities) == ("writer", {"calc": 0.25, "writer": 0.75})
    assert (made.at, made.latency_microseconds, made.text) == (NOW, 1_234, None)
    issued = IDS.read(made.request_id)
    assert issued.claim.input_hash.hex() == made.input_hash
    assert (issued.claim.model, issued.claim.label) == (tag("topic"), tag("writer"))
    assert (issued.claim.model_version, issued.claim.dataset_version) == (7, 4)
    assert issued.milliseconds == int(NOW.timestamp() * 1000)


def test_the_text_is_kept_only_with_consent() -> None:
    """Not one that was asked without."""
    assert prediction(FACTS, "x", [1, 0], IDS, Asked(NOW, 0, consent=True)).text == "x"


def test_the_first_of_equal_probabilities_is_best() -> None:
    """Always the same one."""
    assert best([0.2, 0.4, 0.4]) == 1
