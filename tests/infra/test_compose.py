"""Tests that docker-compose.yml says what infra/stack.toml says, and is fit to be run."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from infra.stack import load_stack
from shared.version import VERSION

ROOT: Final = Path(__file__).parents[2]
STACK: Final = load_stack()
SECRETS: Final = {
    **{"S3_ACCESS_KEY": "key", "S3_SECRET_KEY": "hunter2", "CACHE_PASSWORD": "pass"},
    **{name: f"the {name}" for service in STACK.services.values() for name in service.secrets},
}
KEYS: Final = {
    "gateway": {"SIGNING_TRUSTED_FOLDER": Path("/trusted")},
    "trainer": {"SIGNING_KEY_FILE": Path("/keys/signing.pem"), "SIGNING_TRUSTED_FOLDER": Path("/keys/trusted")},
}
"""Who reads, or makes, models: the variables that say where the keys are, and where they are."""
BANNED: Final = re.compile(r"^(minio|bitnami\w*)/|:latest$|^[^:]+$")
NETWORK: Final = {"kafka": "kafka:19092", "s3": "s3:8333", "cache": "cache:6379"}
"""Where each part is found inside the network; Kafka's clients there have a listener of their own."""


def compose(environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Have Docker Compose itself read the file, with all profiles."""
    program = shutil.which("docker-compose", path=str(Path(sys.executable).parent))
    assert program is not None
    files = ["--file", str(ROOT / "docker-compose.yml"), "--env-file", os.devnull]
    command = [program, *files, "--profile", "*", "config", "--format", "json"]
    return subprocess.run(command, env=dict(environment), cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    """Give the services as Docker Compose understands them."""
    done = compose(SECRETS)
    assert done.stderr == ""
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)["services"]
    return found


def settings_of(command: str) -> dict[str, str]:
    """Read `-name=value`, or `--name value`, into a table."""
    words = shlex.split(command.replace("=", " "))
    flags = [number for number, word in enumerate(words) if re.match(r"--?[a-z]", word)]
    return {words[number].lstrip("-"): words[number + 1] for number in flags}


def written(value: object) -> str:
    """Write a setting of stack.toml as a server reads it."""
    return str(value).lower() if isinstance(value, bool) else str(value).strip("'")


@pytest.mark.parametrize("name", SECRETS)
def test_a_missing_secret_is_named(name: str) -> None:
    """Nothing starts with a default password: Compose says which one is missing."""
    done = compose({key: value for key, value in SECRETS.items() if key != name})
    assert done.returncode != 0
    assert f"{name} is missing a value" in done.stderr


def test_has_the_parts_of_the_stack(services: dict[str, dict[str, Any]]) -> None:
    """Every part, job and service, and nothing else; only the servers start unasked."""
    assert set(services) == {*STACK.parts, *STACK.jobs, *STACK.services}
    profiles = {name: service.get("profiles") for name, service in services.items()}
    assert profiles == {
        **dict.fromkeys(STACK.parts),
        **{name: ["jobs"] for name in STACK.jobs},
        **{name: ["services"] for name in STACK.services},
    }


@pytest.mark.parametrize("name", STACK.parts)
def test_a_part_is_as_the_stack_says(name: str, services: dict[str, dict[str, Any]]) -> None:
    """The image, the memory and the port are the stack's; the port is open to this machine alone."""
    part, service = STACK.parts[name], services[name]
    assert service["image"] == part.image
    assert int(service["mem_limit"]) == part.memory_megabytes * 1024 * 1024
    (port,) = service["ports"]
    assert (port["host_ip"], int(port["published"]), port["target"]) == ("127.0.0.1", *[part.ports["client"]] * 2)
    assert service["volumes"][0]["type"] == "volume"


def test_kafka_has_the_settings_of_the_stack(services: dict[str, dict[str, Any]]) -> None:
    """Each setting is a variable, spelt as the image wants it; so is what the JVM is told."""
    part, environment = STACK.parts["kafka"], services["kafka"]["environment"]
    for name, value in part.settings.items():
        assert environment["KAFKA_" + name.upper().replace(".", "_")] == written(value)
    jvm = f"{environment['KAFKA_HEAP_OPTS']} {environment['KAFKA_JVM_PERFORMANCE_OPTS']}"
    assert tuple(jvm.split()) == part.jvm
    assert environment["KAFKA_CONTROLLER_QUORUM_VOTERS"] == f"1@localhost:{part.ports['controller']}"
    assert (
        environment["KAFKA_ADVERTISED_LISTENERS"]
        == f"HOST://127.0.0.1:{part.ports['client']},NETWORK://{NETWORK['kafka']}"
    )


def test_the_store_has_the_settings_of_the_stack(services: dict[str, dict[str, Any]]) -> None:
    """Each setting is a flag of `weed mini`, and the bucket is the one that clients are told."""
    given = settings_of(shlex.join(services["s3"]["command"]))
    part = STACK.parts["s3"]
    assert given == {name: written(value) for name, value in part.settings.items()} | {
        "dir": "/data",
        "ip": "s3",
        "ip.bind": "0.0.0.0",  # noqa: S104 - inside the container's own network
        "bucket": part.environment["S3_BUCKET"],
        "s3.port": str(part.ports["client"]),
    }


def test_the_cache_has_the_settings_of_the_stack(services: dict[str, dict[str, Any]]) -> None:
    """Each setting is an option of the server; the password is in no command line."""
    shell, option, script = services["cache"]["command"]
    start, _, rest = script.partition("<<END")
    part = STACK.parts["cache"]
    assert (shell, option) == ("sh", "-c")
    assert rest.split() == ["requirepass", "$$CACHE_PASSWORD", "END"]
    assert settings_of(start.removesuffix("- ")) == {name: written(value) for name, value in part.settings.items()} | {
        "dir": "/data",
        "port": str(part.ports["client"]),
    }


@pytest.mark.parametrize("name", [*STACK.jobs, *STACK.services])
def test_our_own_processes_are_told_what_the_stack_tells(name: str, services: dict[str, dict[str, Any]]) -> None:
    """Every part's client environment, for the address inside the network, and the process's own."""
    own = STACK.jobs[name] if name in STACK.jobs else STACK.services[name]
    expected: dict[str, str] = dict(own.environment)
    for part_name, part in STACK.parts.items():
        given = part.client_environment(NETWORK[part_name], SECRETS)
        expected |= {key: value for key, value in given.items() if key != "CACHE_PASSWORD"}
    if name in STACK.services:
        expected["MILLRACE_CONFIG"] = "/flywheel/millrace.toml"
        keys = KEYS.get(name, {})
        expected |= {variable: str(path) for variable, path in keys.items()}
        expected |= {secret: SECRETS[secret] for secret in STACK.services[name].secrets}
        mounted = [one["target"] for one in services[name]["volumes"] if one.get("read_only")]
        assert mounted == ["/flywheel", *sorted({f"/{path.parts[1]}" for path in keys.values()})]
    assert services[name]["environment"] == expected
    assert (services[name]["command"] or []) == list(own.arguments)
    assert services[name]["image"] == f"millrace/{own.module.removeprefix('services.')}:{VERSION}"
    assert services[name]["build"]["args"] == {"SERVICE": own.module.removeprefix("services.")}


def test_customers_reach_the_gateway_from_this_machine(services: dict[str, dict[str, Any]]) -> None:
    """On the stack's port, and on loopback alone; no other service of ours opens one."""
    (port,) = services["gateway"]["ports"]
    usual = STACK.services["gateway"].ports["GATEWAY_PORT"]
    assert (port["host_ip"], int(port["published"]), port["target"]) == ("127.0.0.1", usual, usual)
    assert [name for name in STACK.services if services[name].get("ports")] == ["gateway"]


@pytest.mark.parametrize("name", STACK.jobs)
def test_a_job_waits_for_what_it_needs(name: str, services: dict[str, dict[str, Any]]) -> None:
    """A job starts when the parts that it names are healthy, and the jobs done."""
    waits = {other: wait["condition"] for other, wait in services[name]["depends_on"].items()}
    done = {
        part: "service_healthy" if part in STACK.parts else "service_completed_successfully"
        for part in STACK.jobs[name].after
    }
    assert waits == done


@pytest.mark.parametrize("name", [*STACK.parts, *STACK.jobs, *STACK.services])
def test_is_fit_to_be_run(name: str, services: dict[str, dict[str, Any]]) -> None:
    """Pinned image, a user that is not root, limits, no privileges; a health check for all that runs on."""
    service = services[name]
    assert not BANNED.search(service["image"])
    assert service["user"].split(":")[0] not in {"", "0", "root"}
    assert int(service["mem_limit"]) > 0
    assert service["cpus"] > 0
    assert service["pids_limit"] > 0
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["logging"]["options"]["max-size"]
    check = service.get("healthcheck", {})
    assert bool(check.get("disable")) == (name in STACK.jobs)
    assert bool(check.get("test")) == (name in STACK.parts)


def test_all_of_our_processes_have_one_user_and_no_disk(services: dict[str, dict[str, Any]]) -> None:
    """Our images can write to memory alone, the trainer to a volume too; what they keep is in the servers."""
    for name in [*STACK.jobs, *STACK.services]:
        assert (services[name]["user"], services[name]["read_only"]) == ("10001:10001", True)
        disks = [one["target"] for one in services[name].get("volumes", []) if not one.get("read_only")]
        assert disks == (["/var/lib/millrace"] if name == "trainer" else [])
