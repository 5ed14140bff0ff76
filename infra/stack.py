"""Read `infra/stack.toml`: the one source of versions, ports, images, memory and environment."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec

STACK_FILE = Path(__file__).with_name("stack.toml")
CLIENT_PORT = "client"
"""Every part's main port: the one that others speak to."""

Setting = bool | int | float | str
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Megabytes = Annotated[int, msgspec.Meta(ge=16)]
Count = Annotated[int, msgspec.Meta(ge=1)]

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class StackError(Exception):
    """`stack.toml` can't be used; the message names file, place and remedy."""


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A server: what runs, where it listens and what its clients are told."""

    version: str
    image: str
    memory_megabytes: Megabytes
    ports: dict[str, Port]
    environment: dict[str, str]
    secrets: tuple[str, ...] = ()
    settings: dict[str, Setting] = {}
    jvm: tuple[str, ...] = ()

    def client_environment(self, address: str, secrets: Mapping[str, str]) -> dict[str, str]:
        """Fill the part's `environment` for clients that reach it at `address` (host:port)."""
        own = {name: secrets[name] for name in self.secrets}
        known = {"address": address, **own}
        return own | {name: text.format_map(known) for name, text in self.environment.items()}


class Job(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A module that runs to its end once what it waits for is ready."""

    module: str
    arguments: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    environment: dict[str, str] = {}


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A module that runs for ever, in `replicas` processes.

    `ports` gives the usual port for each variable that tells a replica its own, such as TELEMETRY_METRICS_PORT.
    It is ready when an HTTP GET of `ready_path` at the first of them says so; without a path, when they are open;
    without ports, when it has lived for a second. `secrets` are made for it at the first start, as for a part.
    """

    module: str
    memory_megabytes: Megabytes
    arguments: tuple[str, ...] = ()
    replicas: Count = 1
    environment: dict[str, str] = {}
    ports: dict[str, Port] = {}
    ready_path: str = ""
    secrets: tuple[str, ...] = ()
    stop_seconds: Count = 45


class Stack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of `stack.toml`."""

    parts: dict[str, Part]
    jobs: dict[str, Job] = {}
    services: dict[str, Service] = {}


def replicas(name: str, count: int) -> list[str]:
    """Name a service's processes: its own name, or with a number each where there are several."""
    return [name] if count == 1 else [f"{name}-{number}" for number in range(1, count + 1)]


def service_of(unit: str) -> str:
    """Name the service that the unit is a replica of."""
    return unit.partition("-")[0]


def load_stack(path: Path = STACK_FILE) -> Stack:
    """Read and check the stack file; raise `StackError` on the first thing that is wrong."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        stack = msgspec.convert(document, Stack)
    except FileNotFoundError:
        _refuse(path, "the file is missing", "restore it from the repository")
    except tomllib.TOMLDecodeError as error:
        _refuse(path, f"not TOML: {error}", "correct that line")
    except msgspec.ValidationError as error:
        _refuse(
            path, str(error), "see the comments at the head of the file and infra/stack.py for what each table takes"
        )
    for problem, remedy in _problems(stack):
        _refuse(path, problem, remedy)
    return stack


def _refuse(path: Path, problem: str, remedy: str) -> NoReturn:
    message = f"{path}: {problem}. Remedy: {remedy}."
    raise StackError(message)


def _problems(stack: Stack) -> Iterator[tuple[str, str]]:
    """Yield (problem, remedy) for what the types can't say."""
    yield from _problems_of_names(stack)
    yield from _problems_of_ports(stack)
    for name, part in stack.parts.items():
        yield from _problems_of_environment(name, part)


def _problems_of_names(stack: Stack) -> Iterator[tuple[str, str]]:
    names = [*stack.parts, *stack.jobs, *stack.services]
    for name, count in Counter(names).items():
        if not _NAME.fullmatch(name):
            yield f"the name {name!r} is no name", "use lower-case letters, digits and _, a letter first"
        if count > 1:
            yield f"the name {name!r} is given twice", "give each part, job and service a name of its own"
    for name, job in stack.jobs.items():
        for awaited in job.after:
            if awaited not in stack.parts and awaited not in stack.jobs:
                yield f"jobs.{name}.after names {awaited!r}, which is no part and no job", "name one that is"


def _problems_of_ports(stack: Stack) -> Iterator[tuple[str, str]]:
    owners: dict[int, str] = {}
    tables = [(name, part.ports) for name, part in stack.parts.items()]
    tables += [(name, service.ports) for name, service in stack.services.items()]
    for owner, ports in tables:
        for port_name, port in ports.items():
            place = f"{owner}.ports.{port_name}"
            if port in owners:
                yield f"{place} and {owners[port]} are both {port}", "give one of them another port"
            owners[port] = place


def _problems_of_environment(name: str, part: Part) -> Iterator[tuple[str, str]]:
    if CLIENT_PORT not in part.ports:
        yield f"parts.{name}.ports has no {CLIENT_PORT!r}", "name the port that clients speak to"
    known = {"address", *part.secrets}
    for variable, text in part.environment.items():
        for placeholder in _PLACEHOLDER.findall(text):
            if placeholder not in known:
                yield f"parts.{name}.environment.{variable} uses {{{placeholder}}}", f"use one of {sorted(known)}"
