"""Tests of the trainer's settings."""

from pathlib import Path

import pytest

from services.trainer.settings import RegistrySettings, TrainerSettings
from shared.settings import SettingsError, load


def test_a_machine_is_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads, accelerator, checkpoints and weights go to the task as one."""
    monkeypatch.setenv("TRAINER_THREADS", "3")
    monkeypatch.setenv("TRAINER_ENCODERS_FOLDER", "/weights")
    machine = load(TrainerSettings).machine
    assert (machine.threads, machine.accelerator, machine.encoders) == (3, "cpu", Path("/weights"))


def test_what_is_kept_lies_in_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Weights and caches, unless they are told another place."""
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path))
    monkeypatch.delenv("TRAINER_ENCODERS_FOLDER", raising=False)
    settings = load(TrainerSettings)
    assert (settings.cache_folder, settings.encoders_folder) == (
        tmp_path / "cache" / "trainer",
        tmp_path / "cache" / "encoders",
    )


@pytest.mark.parametrize("name", ["..", ".", "../data", "/var/lib", "a/b", "a b", "a\n", "-a"])
def test_an_instance_is_a_plain_name(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A folder of the trainer's is named for it, and emptied before each run."""
    monkeypatch.setenv("TRAINER_INSTANCE_ID", name)
    with pytest.raises(SettingsError, match=r"TRAINER_INSTANCE_ID=(.|\n)*not a name .*=trainer-0"):
        load(TrainerSettings)


@pytest.mark.parametrize("name", ["trainer-0", "7f3a9c", "trainer-gpu.example_2"])
def test_a_hosts_name_is_one(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A pod's, or a container's."""
    monkeypatch.setenv("TRAINER_INSTANCE_ID", name)
    assert load(TrainerSettings).instance_id == name


def test_a_registry_is_a_servers_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder, which MLflow takes too, is refused with the variable's name."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "file:///runs")
    with pytest.raises(SettingsError, match="MLFLOW_TRACKING_URI=file:///runs"):
        load(RegistrySettings)
