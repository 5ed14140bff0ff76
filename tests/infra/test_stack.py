"""The stack file: what it says, and how it complains."""

from pathlib import Path

import pytest

from infra.stack import StackError, load_stack, replicas, service_of

CACHE = """
[parts.cache]
version = "9.1"
image = "valkey/valkey:9.1-alpine"
memory_megabytes = 64
secrets = ["CACHE_PASSWORD"]
ports = {client = 6379}
environment = {CACHE_URL = "redis://:{CACHE_PASSWORD}@{address}/0"}
"""


def stack_file(folder: Path, text: str) -> Path:
    """Write a stack file."""
    path = folder / "stack.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_repository_s_stack_holds_the_three_servers_and_the_topics_job() -> None:
    """What everybody builds on is there, with Kafka's topics made by the job alone."""
    stack = load_stack()
    assert set(stack.parts) == {"kafka", "s3", "cache"}
    assert stack.parts["kafka"].settings["auto.create.topics.enable"] is False
    assert stack.parts["cache"].settings["maxmemory-policy"] == "noeviction"
    assert stack.jobs["topics"].after == ("kafka",)


def test_a_part_tells_its_clients_where_it_is() -> None:
    """Address and secrets are filled into the environment."""
    part = load_stack().parts["cache"]
    environment = part.client_environment("host:1", {"CACHE_PASSWORD": "s3cret"})
    assert environment == {"CACHE_PASSWORD": "s3cret", "CACHE_URL": "redis://:s3cret@host:1/0"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("parts = ", "not TOML"),
        ("[parts.x]\nversion = 1", "Expected `str`, got `int` - at `$.parts[...].version`"),
        (CACHE.replace("6379", "70000"), "Expected `int` <= 65535"),
        (CACHE.replace("memory_megabytes", "memory_megabyte"), "unknown field `memory_megabyte`"),
        (CACHE.replace("client =", "main ="), "parts.cache.ports has no 'client'"),
        (CACHE.replace("{address}", "{host}"), "parts.cache.environment.CACHE_URL uses {host}"),
        (CACHE.replace("parts.cache", "parts.Cache"), "the name 'Cache' is no name"),
        (CACHE + "[jobs.cache]\nmodule = 'm'", "the name 'cache' is given twice"),
        (CACHE + "[jobs.one]\nmodule = 'm'\nafter = ['kafka']", "jobs.one.after names 'kafka'"),
        (
            CACHE + "[services.one]\nmodule = 'm'\nmemory_megabytes = 64\nports = {METRICS_PORT = 6379}",
            "one.ports.METRICS_PORT and cache.ports.client are both 6379",
        ),
    ],
)
def test_what_is_wrong_is_named_with_the_file_and_a_remedy(tmp_path: Path, text: str, complaint: str) -> None:
    """A person finds the place and the way out."""
    path = stack_file(tmp_path, text)
    with pytest.raises(StackError) as refused:
        load_stack(path)
    assert complaint in str(refused.value)
    assert str(path) in str(refused.value)
    assert "Remedy: " in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """No traceback for a file that is not there."""
    with pytest.raises(StackError, match="the file is missing"):
        load_stack(tmp_path / "stack.toml")


def test_replicas_have_numbers_where_there_are_several() -> None:
    """And the service is found again from them."""
    assert replicas("cleaner", 1) == ["cleaner"]
    assert replicas("cleaner", 2) == ["cleaner-1", "cleaner-2"]
    assert service_of("cleaner-2") == service_of("cleaner") == "cleaner"
