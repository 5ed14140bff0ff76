"""Tests of what an MLflow server shows, a real one in an environment of its own."""

import http.server
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
import urllib3
from structlog.testing import capture_logs

from infra.setup.side_environment import side_environment
from services.trainer.registry import RUN_TAG, VERSION_TAG, show
from services.trainer.settings import RegistrySettings
from shared.models.aliases import Aliases
from shared.models.manifest import ModelManifest
from shared.models.runs import run_id
from shared.models.verdict import Decision
from shared.settings import SettingsError, load
from tests.services.trainer.world import World
from tests.shared.models.builders import AT, manifest, verdict

LOCK: Final = Path(__file__).parents[2] / "environments" / "mlflow.lock"
START_SECONDS: Final = 120


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run an MLflow server that keeps all in SQLite, and give its address.

    As `mlflow server` does, which imports all of MLflow for itself before: that alone takes as long as the server.
    """
    folder, port = tmp_path_factory.mktemp("mlflow"), free_port()
    command: list[str | Path] = [side_environment(LOCK), "-m", "uvicorn", "mlflow.server.fastapi_app:app"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    environment = {
        "_MLFLOW_SERVER_FILE_STORE": f"sqlite:///{folder}/runs.db",
        "_MLFLOW_SERVER_REGISTRY_STORE": f"sqlite:///{folder}/runs.db",
        "_MLFLOW_SERVER_ARTIFACT_ROOT": str(folder / "artifacts"),
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=os.environ | environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            await_health(f"http://127.0.0.1:{port}", process, folder / "log")
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "60")
                yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def await_health(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the server answers; fails with what it says."""
    deadline = time.monotonic() + START_SECONDS
    with urllib3.PoolManager(retries=False) as pool:
        while True:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            try:
                if pool.request("GET", f"{address}/health").status == 200:
                    return
            except urllib3.exceptions.HTTPError:
                time.sleep(0.05)


def version(number: int, model: str) -> ModelManifest:
    """Give a version that was published an hour after the one before."""
    return manifest(
        model=model,
        version=number,
        run=f"{model}/{number:08d}/ngrams",
        created_at=AT + timedelta(hours=number),
        hyperparameters={"epochs": 4, "rate": 0.5},
    )


def told(server: str, model: str, number: int, champion: int | None, decision: Decision = "promote") -> str:
    """Show a version, and give what went wrong."""
    aliases = None if champion is None else Aliases(champion=champion, by="test", reason="", at=AT)
    said = verdict(number, None, decision, reason=f"version {number} is {decision}")
    return show(RegistrySettings(tracking_uri=server), version(number, model), said, aliases, "millrace")


@pytest.mark.integration
def test_a_version_is_shown_with_all_that_is_known_of_it(server: str) -> None:
    """Its run with parameters, figures and tags, and the registered version that the alias names."""
    from mlflow.tracking import MlflowClient  # noqa: PLC0415 - after the server's start has set nothing aside

    assert told(server, "router", 1, 1) == ""
    client = MlflowClient(tracking_uri=server)
    experiment = client.get_experiment_by_name("router")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FINISHED"
    assert run.info.end_time - run.info.start_time == 12_500
    assert run.data.params == {"recipe": "ngrams", "precision": "fp32", "epochs": "4", "rate": "0.5"}
    assert run.data.metrics["test.page:zh"] == 0.92
    assert run.data.metrics["baseline.test.page:zh"] == 0.9
    assert run.data.metrics["cost.cpu_seconds"] == 20.0
    assert run.data.tags[RUN_TAG] == "router/00000001/ngrams"
    assert (run.data.tags["dataset_version"], run.data.tags["decision"]) == ("4", "promote")
    champion = client.get_model_version_by_alias("router", "champion")
    assert champion.run_id == run.info.run_id
    assert champion.source == "s3://millrace/models/router/versions/00000001.json"
    assert (champion.tags[VERSION_TAG], champion.description) == ("1", "version 1 is promote")


@pytest.mark.integration
def test_what_was_shown_before_is_changed_and_not_shown_twice(server: str) -> None:
    """A run that was killed at its end goes on in another process, and shows its version again."""
    from mlflow.tracking import MlflowClient  # noqa: PLC0415 - as above

    for decision in ("keep", "promote"):
        assert told(server, "again", 1, 1, decision) == ""
    client = MlflowClient(tracking_uri=server)
    experiment = client.get_experiment_by_name("again")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.data.tags["decision"] == "promote"
    assert len(client.search_model_versions("name = 'again'")) == 1


@pytest.mark.integration
def test_the_alias_follows_the_champion(server: str) -> None:
    """By our own numbers, for MLflow gives its own; also when a person took a champion back meanwhile."""
    from mlflow.tracking import MlflowClient  # noqa: PLC0415 - as above

    client = MlflowClient(tracking_uri=server)
    seen = []
    for number, champion in ((3, None), (5, 5), (6, 6), (7, 5), (8, 4)):
        assert told(server, "follow", number, champion, "promote" if number == champion else "keep") == ""
        named = client.get_registered_model("follow").aliases
        seen.append(client.get_model_version_by_alias("follow", "champion").tags[VERSION_TAG] if named else None)
    assert seen == [None, "5", "6", "5", "5"]  # of version 4 it was never told


@pytest.mark.integration
def test_a_trainer_shows_its_runs_where_a_server_is_named(server: str, world: World) -> None:
    """The variable reaches the process that trains, and what was published is shown, with its alias."""
    from mlflow.tracking import MlflowClient  # noqa: PLC0415 - as above

    world.tell(world.commit())
    with world.trainer(MLFLOW_TRACKING_URI=server):
        world.until_committed(1)
    client = MlflowClient(tracking_uri=server)
    champion = client.get_model_version_by_alias(world.task, "champion")
    assert champion.tags == {VERSION_TAG: "1", "decision": "promote", "recipe": "good"}
    assert champion.run_id is not None
    assert client.get_run(champion.run_id).data.tags[RUN_TAG] == run_id(world.task, world.prefix, 1, "good")


def test_where_no_server_is_named_nothing_is_shown() -> None:
    """MLflow is for who has it."""
    assert show(RegistrySettings(), version(1, "router"), verdict(1, None), None, "millrace") == ""


class Refuses(http.server.BaseHTTPRequestHandler):
    """Answers, as a server that isn't MLflow."""

    def do_GET(self) -> None:
        """Refuse."""
        self.send_error(403, "not for you")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def stranger() -> Iterator[str]:
    """Run a server that refuses all, and give its address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuses) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_server_that_refuses_is_told(stranger: str) -> None:
    """With its address and what it said; nothing is raised, for the model serves without it."""
    with capture_logs() as logs:
        assert "403" in (reason := told(stranger, "router", 1, 1))
    assert reason.startswith(stranger)
    assert [(one["event"], one["log_level"], one["reason"]) for one in logs] == [
        ("registry_unavailable", "warning", reason)
    ]


def test_a_server_that_is_away_holds_nobody_up() -> None:
    """For long: MLflow's own default is to try for minutes."""
    from mlflow.tracking import MlflowClient  # noqa: F401, PLC0415 - on a busy machine half the time goes into it

    began = time.monotonic()
    assert told(f"http://127.0.0.1:{free_port()}", "router", 1, 1).startswith("http://127.0.0.1:")
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("address", ["databricks", "sqlite:///runs.db", "http://"])
def test_the_address_of_no_server_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is trained, by the variable's name."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    with pytest.raises(SettingsError, match="MLFLOW_TRACKING_URI"):
        load(RegistrySettings)
