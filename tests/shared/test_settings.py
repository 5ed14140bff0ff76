"""Tests of the settings: where they come from, and what is said of a wrong one."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.settings import (
    SETTINGS,
    CacheSettings,
    KafkaSettings,
    Settings,
    SettingsError,
    StoreSettings,
    StreamSettings,
    TelemetrySettings,
    env_file,
    home,
    load,
    variable,
)

STORE = {"S3_ENDPOINT": "http://127.0.0.1:8333", "S3_ACCESS_KEY": "millrace", "S3_SECRET_KEY": "hunter2"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Start from an environment that sets nothing, and an empty home; gives the home."""
    known = {variable(settings, name) for settings in SETTINGS for name in settings.model_fields}
    for name in known & {given.upper() for given in os.environ}:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path))
    return tmp_path


def set_all(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    """Set `variables` in the environment."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret is read and not shown; what isn't set has its default."""
    set_all(monkeypatch, STORE)
    store = load(StoreSettings)
    assert (store.endpoint, store.bucket, store.region) == ("http://127.0.0.1:8333", "millrace", "us-east-1")
    assert store.secret_key.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(store)


def test_reads_the_file_below_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment wins, an empty variable doesn't, and a file may hold what others need."""
    (folder / "env").write_text(
        "# 本机\nSTREAM_ENGINE=aiokafka\nSTREAM_BATCH_SIZE=7\nSTREAM_DRAIN_SECONDS=5\nOTHER=1\n"
    )
    set_all(monkeypatch, {"STREAM_BATCH_SIZE": "9", "STREAM_DRAIN_SECONDS": ""})
    stream = load(StreamSettings)
    assert (stream.engine, stream.batch_size, stream.drain_seconds) == ("aiokafka", 9, 5)


@pytest.mark.parametrize("settings", [KafkaSettings, StreamSettings, TelemetrySettings])
def test_the_defaults_are_valid(settings: type[Settings]) -> None:
    """What has a default needs neither environment nor file, and its default passes its own bounds."""
    made = load(settings)
    settings.model_validate(made.model_dump())


def test_settings_are_frozen() -> None:
    """Nobody changes a setting once it is read."""
    with pytest.raises(ValidationError, match="frozen"):
        load(KafkaSettings).__setattr__("bootstrap_servers", "other:9092")


@pytest.mark.parametrize(
    ("settings", "name", "value", "fault"),
    [
        (KafkaSettings, "KAFKA_BOOTSTRAP_SERVERS", "kafka", "not host:port, or several of them with commas between"),
        (KafkaSettings, "KAFKA_BOOTSTRAP_SERVERS", "a:1,,b:2", "not host:port"),
        (StoreSettings, "S3_ENDPOINT", "127.0.0.1:8333", "not http://host:port or https://host:port"),
        (StoreSettings, "S3_ENDPOINT", "http://s3:8333/bucket", "not http://host:port"),
        (StoreSettings, "S3_BUCKET", "My_Bucket", "not 3 to 63 lower-case letters, digits, hyphens and dots"),
        (StreamSettings, "STREAM_ENGINE", "flink", "it should be 'faust' or 'aiokafka'"),
        (StreamSettings, "STREAM_BATCH_SIZE", "0", "it should be greater than or equal to 1"),
        (StreamSettings, "STREAM_BATCH_SIZE", "many", "it should be a valid integer"),
        (StreamSettings, "STREAM_WITHIN_SECONDS", "0", "it should be greater than 0"),
        (StreamSettings, "STREAM_DLQ_MAX_RATIO", "1.5", "it should be less than or equal to 1"),
        (StreamSettings, "STREAM_OUTAGE_SECONDS", "inf", "it should be less than or equal to 86400"),
        (TelemetrySettings, "TELEMETRY_METRICS_PORT", "65536", "it should be less than or equal to 65535"),
        (TelemetrySettings, "TELEMETRY_LOG_LEVEL", "chatty", "it should be 'debug', 'info', 'warning' or 'error'"),
    ],
)
def test_names_a_wrong_value(
    settings: type[Settings], name: str, value: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong value is named with its variable, its place, what is wrong and what would be right."""
    set_all(monkeypatch, {**STORE, name: value})
    with pytest.raises(SettingsError) as error:
        load(settings)
    message = str(error.value)
    assert f"{name}={value} in the environment: {fault}" in message
    assert f"such as {name}=" in message


def test_names_the_file_that_a_wrong_value_is_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The place is the file, also where an empty variable of the environment was passed over."""
    (folder / "env").write_text("TELEMETRY_METRICS_PORT=http\n")
    set_all(monkeypatch, {"TELEMETRY_METRICS_PORT": ""})
    with pytest.raises(SettingsError, match="TELEMETRY_METRICS_PORT=http in ") as error:
        load(TelemetrySettings)
    assert str(folder / "env") in str(error.value)


def test_names_everything_that_is_missing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All faults are told at once, with both places where a missing value can go."""
    set_all(monkeypatch, {"S3_ACCESS_KEY": "millrace"})
    with pytest.raises(SettingsError) as error:
        load(StoreSettings)
    assert str(error.value).splitlines() == [
        "2 of the settings missing or wrong:",
        f"  S3_ENDPOINT is set neither in the environment nor in {folder / 'env'}. Set it in one of them, such as "
        "S3_ENDPOINT=http://127.0.0.1:8333",
        f"  S3_SECRET_KEY is set neither in the environment nor in {folder / 'env'}. Set it in one of them, such as "
        "S3_SECRET_KEY=<secret>",
    ]


def test_a_wrong_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message about a wrong secret says everything but the secret."""
    set_all(monkeypatch, {"CACHE_URL": "http://:hunter2@cache:6379"})
    with pytest.raises(SettingsError, match="CACHE_URL=<secret> in the environment: not redis://") as error:
        load(CacheSettings)
    assert "hunter2" not in str(error.value)


def test_a_file_that_cannot_be_read_is_named(folder: Path) -> None:
    """Bytes that are no UTF-8 are told with the file's path."""
    (folder / "env").write_bytes(b"S3_BUCKET=\xff\xfe\n")
    with pytest.raises(SettingsError, match="cannot be read") as error:
        load(TelemetrySettings)
    assert str(env_file()) in str(error.value)


def test_home_is_where_the_process_started_unless_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`MILLRACE_HOME` names the home; without it, or empty, it is `.millrace` in the working folder."""
    assert home() == tmp_path
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MILLRACE_HOME", "")
    assert home() == tmp_path / ".millrace"
