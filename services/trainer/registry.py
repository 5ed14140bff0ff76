"""Shows runs and model versions in an MLflow server as well, where MLFLOW_TRACKING_URI names one.

MLflow is a window on what is in the store, and decides nothing: a version is published and promoted without it. So a
server that is away or refuses is told in the log, and given back as a reason to count, and the run goes on. What a
person rolled back since is set right when the next version is shown.
"""

import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import structlog

from services.trainer.settings import RegistrySettings
from shared.models.aliases import CHAMPION, Aliases
from shared.models.manifest import ModelManifest, version_key
from shared.models.verdict import Verdict

if TYPE_CHECKING:
    from mlflow.entities import Run
    from mlflow.tracking import MlflowClient

RUN_TAG: Final = "millrace.run"
VERSION_TAG: Final = "millrace.version"

_CLIENT: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
}
"""How MLflow's client behaves, unless the environment says otherwise. By its own defaults it reports to its maker how
it is used, and waits many minutes for a server that is away."""

log = structlog.get_logger()


def show(
    settings: RegistrySettings, manifest: ModelManifest, verdict: Verdict, aliases: Aliases | None, bucket: str
) -> str:
    """Show a version, its verdict, and who is champion; gives why it failed, an empty text where it didn't.

    Asked again it changes what is there. Without MLFLOW_TRACKING_URI it does nothing.
    """
    if settings.tracking_uri is None:
        return ""
    for name, value in _CLIENT.items():
        os.environ.setdefault(name, value)
    from mlflow.tracking import MlflowClient  # noqa: PLC0415 - seconds, which only those who use it wait for

    try:
        uri = settings.tracking_uri
        _show(MlflowClient(tracking_uri=uri, registry_uri=uri), manifest, verdict, aliases, bucket)
    except Exception as error:  # the client raises what its libraries do, and a wrong variable of its own as ValueError
        reason = f"{settings.tracking_uri}: {' '.join(str(error).split())[:500]}"
        log.warning(
            "registry_unavailable", model=manifest.model, version=manifest.version, reason=reason, exc_info=True
        )
        return reason
    return ""


def _show(
    client: "MlflowClient", manifest: ModelManifest, verdict: Verdict, aliases: Aliases | None, bucket: str
) -> None:
    run = _run(client, manifest)
    run_id = run.info.run_id
    for name, value in _tags(manifest, verdict).items():
        client.set_tag(run_id, name, value)
    if run.info.status == "RUNNING":
        for name, value in _params(manifest).items():
            client.log_param(run_id, name, value)
        for name, number in _metrics(manifest):
            client.log_metric(run_id, name, number, timestamp=_milliseconds(manifest))
        client.set_terminated(run_id, end_time=_milliseconds(manifest))
    if _numbered(client, manifest.model, manifest.version) is None:
        _register(client, manifest, verdict, run_id, bucket)
    if aliases is not None:
        _point(client, manifest.model, aliases)


def _run(client: "MlflowClient", manifest: ModelManifest) -> "Run":
    """Find the run of a version, or begin it."""
    experiment = _experiment(client, manifest.model)
    found = client.search_runs([experiment], f"tags.`{RUN_TAG}` = '{manifest.run}'", max_results=1)
    if found:
        return found[0]
    began = manifest.created_at - timedelta(seconds=manifest.cost.seconds)
    return client.create_run(
        experiment, int(1_000 * began.timestamp()), tags={RUN_TAG: manifest.run}, run_name=manifest.run
    )


def _experiment(client: "MlflowClient", name: str) -> str:
    found = client.get_experiment_by_name(name)
    return str(client.create_experiment(name) if found is None else found.experiment_id)


def _register(client: "MlflowClient", manifest: ModelManifest, verdict: Verdict, run_id: str, bucket: str) -> None:
    model = manifest.model
    if not client.search_registered_models(f"name = '{model}'"):
        client.create_registered_model(model)
    client.create_model_version(
        model,
        source=f"s3://{bucket}/{version_key(model, manifest.version)}",
        run_id=run_id,
        tags={VERSION_TAG: str(manifest.version), "decision": verdict.decision, "recipe": manifest.recipe},
        description=verdict.reason,
    )


def _numbered(client: "MlflowClient", model: str, version: int) -> str | None:
    """Give the number that MLflow has for our version, which may be another; None where it knows none."""
    found = client.search_model_versions(f"name = '{model}' AND tags.`{VERSION_TAG}` = '{version}'", max_results=1)
    return str(found[0].version) if found else None


def _point(client: "MlflowClient", model: str, aliases: Aliases) -> None:
    """Let MLflow's alias name our champion, where MLflow was told of that version."""
    champion = _numbered(client, model, aliases.champion)
    if champion is not None:
        client.set_registered_model_alias(model, CHAMPION, champion)


def _tags(manifest: ModelManifest, verdict: Verdict) -> Mapping[str, str]:
    return {
        RUN_TAG: manifest.run,
        VERSION_TAG: str(manifest.version),
        "dataset": manifest.dataset,
        "dataset_version": str(manifest.dataset_version),
        "dataset_sha256": manifest.dataset_sha256,
        "evaluation_set": manifest.evaluation_set,
        "verdict": verdict.id,
        "decision": verdict.decision,
        "reason": verdict.reason,
        "code_version": manifest.code_version,
    }


def _params(manifest: ModelManifest) -> Mapping[str, Any]:
    return {"recipe": manifest.recipe, "precision": manifest.precision, **manifest.hyperparameters}


def _metrics(manifest: ModelManifest) -> Iterator[tuple[str, float]]:
    yield from manifest.metrics.items()
    yield from ((f"baseline.{name}", value) for name, value in manifest.baseline.items())
    yield from (("cost.rows", manifest.cost.rows), ("cost.seconds", manifest.cost.seconds))
    yield "cost.cpu_seconds", manifest.cost.cpu_seconds


def _milliseconds(manifest: ModelManifest) -> int:
    return int(1_000 * manifest.created_at.timestamp())
