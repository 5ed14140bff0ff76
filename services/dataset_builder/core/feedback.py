"""What row a customer's word on an answer becomes, and why most words become none.

That a customer only raised a thumb, or that nobody has accepted what they said, is an outcome, and no fault.
Whether a label is known is asked where the batch is decided on, for it takes the dataset to know (`decide`).
"""

from typing import Final

from shared.contracts.documents import Lineage
from shared.contracts.identity import digest_of, feedback_document_id
from shared.contracts.predictions import FeedbackReceived
from shared.contracts.split import split_of
from shared.datasets.live import label_key
from shared.datasets.rows import FEEDBACK, Row, edition_of, require_storable, row_id_of
from shared.datasets.words import Refusal, Tasks, refusal, spoken
from shared.flywheel.config import Flywheel
from shared.stream.service import Received

LICENCE: Final = "given by the customer, with consent to train"
RULE_SET: Final = "1-feedback"


def tasks_of(flywheel: Flywheel) -> Tasks:
    """Give the tasks that feedback may be on."""
    return {task.name: task for task in flywheel.tasks}


def declared_labels(flywheel: Flywheel) -> frozenset[str]:
    """Give the labels whose values the rules of sources name, as a manifest counts them (`label_key`)."""
    return frozenset(
        label_key(name, value)
        for source in flywheel.sources
        for name, rule in source.labels.items()
        for value in rule.values.values()
    )


def row_of(tasks: Tasks, received: Received[FeedbackReceived]) -> Row | Refusal:
    """Give the row that a customer's word becomes, or why it becomes none.

    What one customer says of one input is one document, and each label that they give it an edition: the latest counts,
    as with pages. The way back to the answer is its URL, `feedback:<request id>`. Raises `ValueError` for a word of a
    moment that no shard can hold.
    """
    said = received.message
    text, label = said.text or "", said.label or ""
    why = refusal(tasks, said)
    if why is not None:
        return why
    name = tasks[said.task].label
    document_id = feedback_document_id(said.task, said.customer, said.input_hash)
    lineage = Lineage(
        source=FEEDBACK,
        url=f"feedback:{said.request_id}",
        fetched_at=said.at,
        licence=LICENCE,
        content_hash=digest_of(text, name, label),
        group_id=said.group_id,
        rule_set=RULE_SET,
    )
    require_storable(lineage)
    return Row(
        row_id=row_id_of(document_id, lineage, FEEDBACK, 0),
        document_id=document_id,
        edition=edition_of(lineage),
        kind=FEEDBACK,
        part=0,
        text=text,
        title="",
        language=spoken(said),
        split=split_of(said.group_id),
        labels={name: label},
        lineage=lineage,
        event_id=received.envelope.id,
    )
