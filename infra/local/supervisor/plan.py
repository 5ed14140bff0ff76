"""What the supervisor runs: the parts, jobs and services of `stack.toml` as units."""

import http
import http.client
import math
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from infra.local.environment import read_environment
from infra.local.home import Home
from infra.local.parts.place import Place
from infra.local.places import settle
from infra.local.ports import LOOPBACK, Ports, allocate, is_open, read_ports, write_ports
from infra.local.processes import Command
from infra.local.server import Server
from infra.local.signing_key import keep_or_make_key
from infra.local.supervisor.unit import Role, Spec
from infra.stack import Job, Service, Stack, replicas

_PROBE_SECONDS = 1.0
_ALIVE_SECONDS = 1.0
"""What a service without a port must live for to count as ready."""


def plan(home: Home, stack: Stack) -> tuple[Spec, ...]:
    """Settle the stack's ports, secrets, folders and signing key under `home`, and give what is to run there."""
    places = settle(home, stack, list(stack.parts))
    keep_or_make_key(home)
    environment = {**os.environ, **read_environment(home.environment_file), "MILLRACE_HOME": str(home.root)}
    module = _Modules(home, environment)
    ready = frozenset([*stack.parts, *stack.jobs])
    ports = _replica_ports(home, stack)
    return (
        *(_part(place) for place in places.values()),
        *(module.job(name, job) for name, job in stack.jobs.items()),
        *(
            module.replica(replica, service, ports[replica], ready)
            for name, service in stack.services.items()
            for replica in replicas(name, service.replicas)
        ),
    )


def _part(place: Place) -> Spec:
    server = Server(place)
    return Spec(
        name=place.name,
        role=Role.PART,
        log=place.log,
        command=server.command,
        is_ready=server.is_ready,
        ports=(place.port,),
        clean=server.remove_strays,
    )


def _replica_ports(home: Home, stack: Stack) -> dict[str, Ports]:
    """Choose ports for every replica, beside those of the parts; only the first gets the usual ones."""
    last = read_ports(home.ports_file)
    parts = [port for name in stack.parts for port in last[name].values()]
    units = {unit: s.ports for name, s in stack.services.items() for unit in replicas(name, s.replicas)}
    ports = allocate(units, last, units, spoken_for=parts)
    write_ports(home.ports_file, ports)
    return ports


class _Modules:
    """Units that are Python modules of ours."""

    def __init__(self, home: Home, environment: Mapping[str, str]) -> None:
        self._home = home
        self._environment = environment

    def job(self, name: str, job: Job) -> Spec:
        return Spec(
            name=name,
            role=Role.JOB,
            log=self._log(name),
            command=lambda: self._command(name, job, {}),
            is_ready=lambda: False,
            after=frozenset(job.after),
        )

    def replica(self, name: str, service: Service, ports: Ports, after: frozenset[str]) -> Spec:
        variables = {variable: str(port) for variable, port in ports.items()}
        return Spec(
            name=name,
            role=Role.SERVICE,
            log=self._log(name),
            command=lambda: self._command(name, service, variables),
            is_ready=lambda: _is_ready(service, ports),
            after=after,
            start_seconds=math.inf,  # it may have much to catch up with
            least_seconds=0.0 if ports else _ALIVE_SECONDS,
            stop_seconds=service.stop_seconds,
            ports=tuple(ports.values()),
        )

    def _log(self, name: str) -> Path:
        return self._home.logs / f"{name}.log"

    def _command(self, name: str, module: Job | Service, ports: Mapping[str, str]) -> Command:
        arguments = [sys.executable, "-m", module.module, *module.arguments]
        return Command(arguments, {**self._environment, **module.environment, **ports}, self._log(name))


def _is_ready(service: Service, ports: Ports) -> bool:
    if not service.ready_path:
        return all(map(is_open, ports.values()))
    connection = http.client.HTTPConnection(LOOPBACK, next(iter(ports.values())), timeout=_PROBE_SECONDS)
    try:
        connection.request("GET", service.ready_path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False  # not listening yet
    finally:
        connection.close()
