"""Ports, secrets and folders of a stack's parts."""

import stat
from pathlib import Path

import pytest

from infra.local.environment import read_environment
from infra.local.flywheel import EXAMPLE
from infra.local.home import Home
from infra.local.places import settle
from infra.setup import install
from infra.stack import load_stack


def test_clients_find_every_endpoint_and_credential_in_the_file(home: Home) -> None:
    """Nothing else has to be configured."""
    places = settle(home, load_stack(), ["kafka", "s3", "cache"])
    environment = read_environment(home.environment_file)
    assert environment["KAFKA_BOOTSTRAP_SERVERS"] == f"127.0.0.1:{places['kafka'].port}"
    assert environment["S3_ENDPOINT"] == f"http://127.0.0.1:{places['s3'].port}"
    assert environment["CACHE_URL"] == f"redis://:{environment['CACHE_PASSWORD']}@127.0.0.1:{places['cache'].port}/0"
    assert {"S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_BUCKET"} <= environment.keys()
    assert stat.S_IMODE(home.environment_file.stat().st_mode) == 0o600


def test_a_second_start_keeps_ports_and_credentials(home: Home) -> None:
    """The store knows the first ones only."""
    settle(home, load_stack(), ["kafka", "s3", "cache"], usual_ports=False)
    before = read_environment(home.environment_file)
    settle(home, load_stack(), ["kafka", "s3", "cache"], usual_ports=False)
    assert read_environment(home.environment_file) == before


def test_services_have_secrets_of_their_own(home: Home) -> None:
    """Those that the stack file names, made once, and no two alike."""
    settle(home, load_stack(), ["cache"])
    made = read_environment(home.environment_file)
    assert len({made["GATEWAY_API_KEY"], made["GATEWAY_REQUEST_SECRET"], made["CACHE_PASSWORD"]}) == 3
    assert len(made["GATEWAY_API_KEY"]) >= 32


def test_clients_are_told_which_flywheel_the_stack_runs(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last one that a start named, from wherever they are started themselves."""
    monkeypatch.delenv("MILLRACE_CONFIG", raising=False)
    settle(home, load_stack(), ["cache"])
    assert read_environment(home.environment_file)["MILLRACE_CONFIG"] == str(EXAMPLE)
    assert EXAMPLE.exists()

    monkeypatch.setenv("MILLRACE_CONFIG", "somewhere/millrace.toml")
    settle(home, load_stack(), ["cache"])
    monkeypatch.delenv("MILLRACE_CONFIG")
    settle(home, load_stack(), ["cache"])
    assert read_environment(home.environment_file)["MILLRACE_CONFIG"] == str(Path("somewhere/millrace.toml").absolute())


def test_every_stack_is_told_where_the_fetched_weights_are(home: Home) -> None:
    """Where setup puts them, wherever the stack's own folder is."""
    settle(home, load_stack(), ["cache"])
    assert read_environment(home.environment_file)["TRAINER_ENCODERS_FOLDER"] == str(install.ENCODERS)


def test_no_two_ports_are_the_same(home: Home) -> None:
    """The store alone has ten."""
    places = settle(home, load_stack(), ["kafka", "s3", "cache"])
    ports = [port for place in places.values() for port in place.ports.values()]
    assert len(set(ports)) == len(ports) == 13
