"""Every metric by name: dashboards, alerts and the reference page are checked against this list."""

import inspect
import re
import sys
from typing import Final, Literal

MetricName = Literal[
    # Always 1; its labels say what runs.
    "millrace_build_info",
    # Records in the partition that the group has yet to commit.
    "millrace_lag_records",
    # The offset up to which everything in the partition is done and durable.
    "millrace_committed_offset",
    # Seconds since an offset was last committed, or since the start. High is no fault while the lag is 0.
    "millrace_commit_age_seconds",
    # Records taken from the topic, those included that come again after a restart.
    "millrace_records_total",
    # Records in hand: taken, and their effects not yet durable.
    "millrace_in_flight_records",
    # Seconds from a batch taken to all its effects durable.
    "millrace_batch_seconds",
    # What became of records: `kind` is the topic that the outcome went to, `none`, or `fault`; `reason` names the rule
    # of a rejection.
    "millrace_outcomes_total",
    # Records sent to the dead letters, by the class of the error.
    "millrace_dead_letters_total",
    # Attempts that had to be made again, by server.
    "millrace_retries_total",
    # Seconds spent waiting for a server that was away.
    "millrace_outage_seconds_total",
    # Pool processes that died or were ended for taking too long.
    "millrace_pool_restarts_total",
    # Training runs that came to their end: `promote`, `keep`, or `none` for one that failed.
    "millrace_training_runs_total",
    # Versions that the model registry, MLflow, could not be told of; they are published and serve without it.
    "millrace_registry_failures_total",
    # Seconds of each stage of a training run.
    "millrace_training_stage_seconds",
    # Dataset versions that the trainer has taken and not yet done with.
    "millrace_waiting_versions",
    # Requests to the gateway, by the path of their route and the status of the answer.
    "millrace_requests_total",
    # Seconds from a request's head to its answer, by route.
    "millrace_request_seconds",
    # Texts that a model took at once.
    "millrace_model_batch_texts",
    # Texts that wait for a model.
    "millrace_queued_texts",
    # Versions of a model that came to serve.
    "millrace_model_swaps_total",
    # Times that the version which the champion's alias names could not be served; the one before it serves on. `reason`
    # is what stands at `/v1/models`.
    "millrace_model_swap_failed_total",
    # Always 1; its label is the version that serves.
    "millrace_model_version",
    # Predictions that Kafka has acknowledged.
    "millrace_predictions_recorded_total",
    # Predictions that were answered and are in no record: the room for them was `full`, or the process `stopped`, while
    # Kafka was away, or slower than the answers.
    "millrace_predictions_unrecorded_total",
    # Feedback that Kafka has acknowledged, by kind, and whether it was accepted without a review.
    "millrace_feedback_total",
]

LABELS: Final[dict[MetricName, tuple[str, ...]]] = {
    "millrace_build_info": ("version", "python"),
    "millrace_lag_records": ("topic", "partition"),
    "millrace_committed_offset": ("topic", "partition"),
    "millrace_commit_age_seconds": (),
    "millrace_records_total": (),
    "millrace_in_flight_records": (),
    "millrace_batch_seconds": (),
    "millrace_outcomes_total": ("kind", "reason"),
    "millrace_dead_letters_total": ("error",),
    "millrace_retries_total": ("target",),
    "millrace_outage_seconds_total": ("target",),
    "millrace_pool_restarts_total": (),
    "millrace_training_runs_total": ("outcome",),
    "millrace_registry_failures_total": (),
    "millrace_training_stage_seconds": ("stage",),
    "millrace_waiting_versions": (),
    "millrace_requests_total": ("route", "status"),
    "millrace_request_seconds": ("route",),
    "millrace_model_batch_texts": ("model",),
    "millrace_queued_texts": (),
    "millrace_model_swaps_total": ("model",),
    "millrace_model_swap_failed_total": ("model", "reason"),
    "millrace_model_version": ("model", "version"),
    "millrace_predictions_recorded_total": (),
    "millrace_predictions_unrecorded_total": ("reason",),
    "millrace_feedback_total": ("kind", "accepted"),
}
"""The labels of each, after `service`, which all of them have."""


def _comments(source: str) -> dict[str, str]:
    found = re.findall(r'((?: {4}# .*\n)+) {4}"(\w+)",', source)
    return {name: " ".join(line.strip(" #") for line in comment.splitlines()) for comment, name in found}


DESCRIPTIONS: Final = _comments(inspect.getsource(sys.modules[__name__]))
"""The comment above each name, which is its documentation wherever it is shown."""
