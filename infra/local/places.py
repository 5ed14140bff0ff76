"""Give each part of a stack its place: ports, secrets, folders, and the file that tells clients of them."""

from collections.abc import Iterator, Sequence
from typing import Final

from infra.local import flywheel
from infra.local.environment import keep_or_make_secrets, read_environment, write_environment
from infra.local.home import DOWNLOADS, Home
from infra.local.parts.place import Place
from infra.local.ports import LOOPBACK, allocate, read_ports, write_ports
from infra.stack import CLIENT_PORT, Stack

ENCODERS_VARIABLE: Final = "TRAINER_ENCODERS_FOLDER"
ENCODERS: Final = DOWNLOADS / "encoders"
"""The weights that `make setup` has fetched, for the trainers of every stack of this checkout."""


def settle(home: Home, stack: Stack, names: Sequence[str], *, usual_ports: bool = True) -> dict[str, Place]:
    """Make the folders, choose ports, make secrets that are missing, and write the environment file.

    The file says too where fetched weights are, and which flywheel this stack runs: what MILLRACE_CONFIG says, or said
    at an earlier start, or else the example.
    """
    home.make()
    parts = {name: stack.parts[name] for name in names}
    usual = {name: part.ports for name, part in parts.items()} if usual_ports else {}
    ports = allocate({name: part.ports for name, part in parts.items()}, read_ports(home.ports_file), usual)
    write_ports(home.ports_file, ports)
    known = read_environment(home.environment_file)
    environments = {
        name: part.client_environment(
            f"{LOOPBACK}:{ports[name][CLIENT_PORT]}", keep_or_make_secrets(part.secrets, known)
        )
        for name, part in parts.items()
    }
    runs = flywheel.chosen(home)
    flywheel.note(home, runs)
    told = {flywheel.VARIABLE: str(runs), ENCODERS_VARIABLE: str(ENCODERS)}
    told |= keep_or_make_secrets(_secrets(stack), known)
    everything = {key: value for environment in environments.values() for key, value in environment.items()}
    write_environment(home.environment_file, known | told | everything)
    return {name: Place(home, name, part, ports[name], environments[name]) for name, part in parts.items()}


def _secrets(stack: Stack) -> Iterator[str]:
    """Name the secrets that services have among themselves, and with those who ask them."""
    for service in stack.services.values():
        yield from service.secrets
