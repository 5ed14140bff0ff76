"""A correction under review, on real servers: no row until it is accepted, then one in the dataset's next version."""

from pathlib import Path

import pytest

from infra.local.servers import Endpoints
from services.console.core.corrections import Correction
from services.console.feedback_desk import FeedbackDesk
from shared.contracts.predictions import FeedbackReceived
from shared.contracts.topics import FEEDBACK_RECEIVED
from tests.services.dataset_builder.builders import correction
from tests.services.dataset_builder.harness import BuilderFlow
from tests.services.dataset_builder.orders import renamed

pytestmark = pytest.mark.integration

SECONDS = 120


@pytest.fixture
def flow(servers: Endpoints, tmp_path: Path) -> BuilderFlow:
    """Give fresh topics and a new dataset on the session's servers."""
    return BuilderFlow(servers.kafka_bootstrap, servers.s3, "faust", tmp_path)


def desk_of(flow: BuilderFlow) -> FeedbackDesk:
    """Read what customers said in a flow."""
    topic = renamed(FEEDBACK_RECEIVED, f"{flow.prefix}-words")
    tasks = {task.name: task for task in flow.flywheel.tasks}
    return FeedbackDesk.read(flow.kafka, flow.dataset.store, tasks, topic)


def waiting(flow: BuilderFlow) -> list[Correction]:
    """Give what waits."""
    return [one for one in desk_of(flow).corrections() if one.state == "waits"]


def learnt(flow: BuilderFlow) -> list[tuple[str, str]]:
    """Give text and label of the live corrections."""
    head = flow.head()
    gone = {(stone.document_id, stone.edition) for stone in head.tombstones}
    rows = [row for row in flow.rows(head) if (row.document_id, row.edition) not in gone]
    return sorted((row.text, row.labels["app"]) for row in rows if row.kind == "feedback")


def said(number: int, label: str, at: int) -> FeedbackReceived:
    """Make a word that nobody has accepted, as the gateway makes it where a person reviews."""
    return correction(number, label, at, accepted=False)


def test_a_correction_is_a_row_once_it_is_accepted(flow: BuilderFlow) -> None:
    """Accepted twice it is one row; a later word waits anew, and counts once it is accepted too."""
    with flow.worker() as worker:
        flow.tell([said(1, "calc", 1), said(2, "math", 1)])
        worker.until(flow.finished, SECONDS)
        assert learnt(flow) == []
        assert [one.text for one in waiting(flow)] == ["question 1", "question 2"]

        before, seen = flow.head().version, desk_of(flow)
        (first, _) = seen.corrections()
        seen.accept([first])
        seen.accept([first])  # by somebody else, who had looked at the same time
        worker.until(flow.finished, SECONDS)
        assert learnt(flow) == [("question 1", "calc")]
        assert flow.head().version > before
        assert flow.head().corrections == 1
        assert [one.text for one in waiting(flow)] == ["question 2"]

        flow.tell([said(1, "math", 5)])
        worker.until(flow.finished, SECONDS)
        assert learnt(flow) == [("question 1", "calc")]
        desk_of(flow).accept(waiting(flow))
        worker.until(flow.finished, SECONDS)
        assert learnt(flow) == [("question 1", "math"), ("question 2", "math")]
        assert waiting(flow) == []
