"""What differs between deployments: frozen settings, read once from the environment and, below it, from one file.

The file is `<MILLRACE_HOME>/env`, KEY=VALUE lines that the local stack writes; without it the environment alone counts.
A wrong or missing value is a `SettingsError`. A process that gets one prints its message alone and exits with 78, at
which a supervisor leaves it down: starting again would mend nothing.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.unit import Unit

MASK: Final = "<secret>"


def _servers(value: str) -> str:
    if not re.fullmatch(r"[^\s:,/]+:\d{1,5}(,[^\s:,/]+:\d{1,5})*", value):
        raise ValueError("not host:port, or several of them with commas between")
    return value


def _bucket_name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", value):
        raise ValueError("not 3 to 63 lower-case letters, digits, hyphens and dots")
    return value


def _http_url(value: str) -> str:
    url = urlsplit(value)
    if url.scheme not in {"http", "https"} or not url.hostname or url.path.strip("/") or url.query:
        raise ValueError("not http://host:port or https://host:port")
    return value.rstrip("/")


def _cache_url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("not redis://, rediss:// or unix://")
    return value


Seconds = Annotated[float, Field(gt=0, le=86_400), Unit("seconds")]
Records = Annotated[int, Field(ge=1, le=1_000_000), Unit("records")]
Processes = Annotated[int, Field(ge=1, le=1024), Unit("processes")]
Ratio = Annotated[float, Field(gt=0, le=1), Unit("ratio")]
Port = Annotated[int, Field(ge=0, le=65_535), Unit("port")]


class Settings(BaseSettings):
    """The base of every settings class: immutable, an empty variable is an absent one; made by `load`."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)


class KafkaSettings(Settings):
    """Where Kafka is."""

    model_config = SettingsConfigDict(env_prefix="KAFKA_")

    bootstrap_servers: Annotated[str, AfterValidator(_servers)] = Field(
        default="127.0.0.1:9092", description="Brokers to start from: host:port, commas between."
    )


class StoreSettings(Settings):
    """Where the S3 store is, and who we are to it."""

    model_config = SettingsConfigDict(env_prefix="S3_")

    endpoint: Annotated[str, AfterValidator(_http_url)] = Field(
        description="The store's address, without a path.", examples=["http://127.0.0.1:8333"]
    )
    access_key: str = Field(min_length=1, description="The access key's id.", examples=["millrace"])
    secret_key: SecretStr = Field(min_length=1, description="The access key's secret.", examples=[MASK])
    bucket: Annotated[str, AfterValidator(_bucket_name)] = Field(
        default="millrace", description="The bucket that holds everything."
    )
    region: str = Field(default="us-east-1", min_length=1, description="The region that requests are signed for.")


class CacheSettings(Settings):
    """Where the cache is: Valkey, or whatever speaks the Redis protocol."""

    model_config = SettingsConfigDict(env_prefix="CACHE_")

    url: Annotated[SecretStr, AfterValidator(_cache_url)] = Field(
        description="The cache's address; a secret, for it may hold a password.", examples=["redis://127.0.0.1:6379/0"]
    )


class StreamSettings(Settings):
    """How a stream service takes its batches, how long it waits, and when it gives up."""

    model_config = SettingsConfigDict(env_prefix="STREAM_")

    engine: Literal["faust", "aiokafka"] = Field(
        default="faust", description="What brings the batches; aiokafka takes about half the CPU for small records."
    )
    batch_size: Records = Field(default=100, description="The most records in a batch.")
    within_seconds: Seconds = Field(default=0.05, description="How long a batch waits to be full.")
    pool_workers: Processes = Field(
        default_factory=lambda: max(1, (os.cpu_count() or 1) - 1),
        description="Processes that do the pure work. By default one less than there are cores, at least one.",
    )
    process_timeout_seconds: Seconds = Field(
        default=60,
        description="How long the work on a batch may take before its child process is ended. Finding the record that "
        "is to blame may take four times as long, and a few starts of a child, so keep it below a fifth of "
        "STREAM_WATCHDOG_SECONDS.",
    )
    session_timeout_seconds: Seconds = Field(
        default=10, description="How long a silent process keeps its partitions; longer than its restart takes."
    )
    drain_seconds: Seconds = Field(default=30, description="How long a stop waits for what is in hand.")
    outage_seconds: Seconds = Field(
        default=300, description="How long Kafka or S3 may stay away before the process exits with 70."
    )
    watchdog_seconds: Seconds = Field(
        default=600, description="How long records may wait without a commit before the process exits with 70."
    )
    instance_id: str | None = Field(
        default=None,
        min_length=1,
        description="Kafka's group.instance.id, unique to the process. By default a locked number on this machine.",
        examples=["cleaner-0"],
    )
    leave_on_stop: bool = Field(default=False, description="Leave the group at a stop, for scaling down.")
    dlq_max_ratio: Ratio = Field(
        default=0.2, description="The share of dead letters in the window above which the service halts with 78."
    )
    dlq_ratio_window: Annotated[int, Field(ge=100, le=1_000_000), Unit("records")] = Field(
        default=1000, description="How many of the last records that share is of."
    )
    dlq_max_run: Records = Field(default=100, description="Dead letters in a row at which the service halts with 78.")


class FlywheelSettings(Settings):
    """Which flywheel this is."""

    model_config = SettingsConfigDict(env_prefix="MILLRACE_")

    config: Path = Field(
        default=Path("millrace.toml"),
        description="The file that declares the flywheel.",
        examples=["examples/support-router/millrace.toml"],
    )


class SigningSettings(Settings):
    """Which key signs models, and which keys are believed."""

    model_config = SettingsConfigDict(env_prefix="SIGNING_")

    key_file: Path = Field(
        default_factory=lambda: home() / "keys" / "signing.pem",
        description="The private key that signs models, Ed25519 in PEM; the trainer alone reads it, at each run. By "
        "default keys/signing.pem in the folder that MILLRACE_HOME names.",
        examples=["/run/secrets/signing.pem"],
    )
    trusted_folder: Path = Field(
        default_factory=lambda: home() / "keys" / "trusted",
        description="The folder of the public keys that are believed, *.pem; read again whenever a model is. By "
        "default keys/trusted in the folder that MILLRACE_HOME names.",
        examples=["/run/trusted"],
    )


class TelemetrySettings(Settings):
    """Where metrics are served and how logs are written."""

    model_config = SettingsConfigDict(env_prefix="TELEMETRY_")

    metrics_host: str = Field(
        default="127.0.0.1", min_length=1, description="The address that /metrics, /livez and /readyz listen on."
    )
    metrics_port: Port = Field(default=0, description="Their port; 0 takes a free one.")
    log_format: Literal["auto", "json", "pretty"] = Field(
        default="auto", description="How log lines look; auto is pretty on a terminal, else JSON."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least level that is written."
    )
    log_file: Path | None = Field(
        default=None, description="A file that takes JSON lines instead of standard error.", examples=["cleaner.log"]
    )


SETTINGS: Final[tuple[type[Settings], ...]] = (
    KafkaSettings,
    StoreSettings,
    CacheSettings,
    StreamSettings,
    FlywheelSettings,
    SigningSettings,
    TelemetrySettings,
)


class SettingsError(Exception):
    """A setting is missing or wrong; the message is for a person: variable, place, value, fault and remedy."""


AnySettings = TypeVar("AnySettings", bound=Settings)


def home() -> Path:
    """Give the folder of this machine's data: `MILLRACE_HOME`, by default `.millrace` where the process started."""
    return Path(os.environ.get("MILLRACE_HOME") or ".millrace").absolute()


def env_file() -> Path:
    """Give the file that holds what the environment does not say."""
    return home() / "env"


def variable(settings: type[Settings], field: str) -> str:
    """Name the environment variable of `field`."""
    return f"{settings.model_config['env_prefix']}{field}".upper()


def load(settings: type[AnySettings]) -> AnySettings:
    """Read `settings` from the environment, then from the file; raises `SettingsError` that names every wrong value."""
    file = env_file()
    try:
        return settings(_env_file=file, _env_file_encoding="utf-8")
    except ValidationError as error:
        complaints = [_complaint(settings, found, file) for found in error.errors()]
    except (OSError, UnicodeError) as error:
        raise SettingsError(
            f"{file} cannot be read ({error}). Mend it, or remove it and start the stack again."
        ) from error
    raise SettingsError("\n  ".join([f"{len(complaints)} of the settings missing or wrong:", *complaints]))


def is_secret(field: FieldInfo) -> bool:
    """Say whether the field's value must never be shown."""
    return field.annotation is SecretStr


def _complaint(settings: type[Settings], found: Mapping[str, object], file: Path) -> str:
    name = str(cast(tuple[str, ...], found["loc"])[0])
    field = settings.model_fields[name]
    key = variable(settings, name)
    example = f"{key}={_example(field)}"
    if found["type"] == "missing":
        return f"{key} is set neither in the environment nor in {file}. Set it in one of them, such as {example}"
    place = "the environment" if any(value and given.upper() == key for given, value in os.environ.items()) else file
    value = MASK if is_secret(field) else found["input"]
    return f"{key}={value} in {place}: {_fault(str(found['msg']))}. Change it there, to such as {example}"


def _fault(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Input should", "it should")


def _example(field: FieldInfo) -> object:
    return field.examples[0] if field.examples else field.get_default(call_default_factory=True, validated_data={})
