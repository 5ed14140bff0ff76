"""What a demo works with: a stack of its own, the site, the gateway, and the command line."""

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from infra.demo import commands
from infra.demo.chain import Chain
from infra.demo.commands import Command, Ingested
from infra.demo.made import Made
from infra.demo.questions import QUESTIONS_FILE
from infra.demo.stages import DemoFailed
from infra.local import control, lifecycle
from infra.local.control import ControlError
from infra.local.environment import read_environment
from infra.local.home import Home
from infra.local.lifecycle import StackDownError
from infra.local.ports import LOOPBACK, read_ports
from infra.local.processes import last_lines
from infra.local.report import why
from infra.local.supervisor.status import State, describe
from infra.site import detached
from infra.site.detached import Wanted
from infra.site.packages import fetch
from infra.site.tree import SiteError
from infra.stack import STACK_FILE
from shared.flywheel.config import Flywheel
from shared.io.gateway_client import GatewayClient
from shared.io.retry import RetryPolicy
from shared.io.s3 import S3ObjectStore
from shared.settings import SigningSettings, StoreSettings, load

CONSOLE: Final = "services.console"
KEY: Final = "GATEWAY_API_KEY"
PORT: Final = "GATEWAY_PORT"
_PATIENCE: Final = RetryPolicy(total_seconds=15)
_LINES: Final = 20
"""How far back in a log it is looked for what is being done, past what libraries say."""
_LOST: Final = frozenset({State.HALTED, State.FAILED})


class _Progress(msgspec.Struct, frozen=True):
    run: str = ""
    doing: str = ""


@dataclass(frozen=True)
class World:
    """A stack that is up, and what may be asked of it."""

    home: Home
    made: Made
    gateway: GatewayClient

    def doing(self, service: str) -> str:
        """Give what a service said last in its log."""
        lines = last_lines(self.home.logs / f"{service}.log", _LINES)
        doing = next(filter(None, map(_doing, reversed(lines))), "")
        return f"{service}: {doing or describe(lines)}"

    def trouble(self) -> str:
        """Say which services are down for good, and why; empty where none is."""
        return trouble(self.home)

    def ingestion(self) -> AbstractContextManager[Command]:
        """Start `millrace ingest`, and end it with the block."""
        return commands.started(CONSOLE, "ingest", "--json")

    def ingested(self, command: Command) -> Ingested:
        """Wait for the end of an ingestion, and give its table."""
        return commands.decoded(command.output(), Ingested, command.name)

    def trace(self, request_id: str) -> str:
        """Give what `millrace trace` writes for a person."""
        return commands.run(CONSOLE, "trace", request_id)

    def chain(self, request_id: str) -> Chain:
        """Give what `millrace trace` has found."""
        return commands.decoded(commands.run(CONSOLE, "trace", request_id, "--json"), Chain, "millrace trace")

    def baseline(self, dataset_version: int) -> dict[str, str]:
        """Give the baseline's answer to each of the example's questions."""
        told = commands.run("services.trainer.baseline", str(QUESTIONS_FILE), "--dataset-version", str(dataset_version))
        return commands.decoded(told, dict[str, str], "the baseline")


def _doing(line: str) -> str:
    """Give what a line of a trainer's log says is being done, and in which run; empty for any other line."""
    try:
        said = msgspec.json.decode(line, type=_Progress)
    except msgspec.DecodeError:
        return ""
    return f"{said.run}: {said.doing}" if said.doing else ""


def trouble(home: Home) -> str:
    """Say which units of the stack are down for good, and why; empty where none is."""
    try:
        units = control.status(home)
    except ControlError as error:
        return str(error)
    return " ".join(f"{unit.name} is {unit.state}: {why(unit)}" for unit in units if unit.state in _LOST)


def serve_site(home: Home, tree: Path) -> str:
    """Fetch the site to `tree`, where it isn't there yet, serve it on a free port, and give its address.

    Raises `DemoFailed`.
    """
    try:
        fetch(tree)
        return detached.up(home, Wanted(tree, 0, None)).address
    except SiteError as error:
        raise DemoFailed(str(error)) from error


def start_stack(home: Home, file: Path, say: lifecycle.Say) -> None:
    """Bring the stack at `home` up for the flywheel of `file`, and let this process use it; raises `DemoFailed`."""
    commands.use(home.root, file)
    try:
        well = lifecycle.up(home, STACK_FILE, say)
    except StackDownError as error:
        raise DemoFailed(str(error)) from error
    if not well:
        raise DemoFailed(f"the stack did not come up: {trouble(home)}. Remedy: make doctor")


@contextmanager
def opened(home: Home, flywheel: Flywheel) -> Iterator[World]:
    """Connect to the stack at `home` for as long as the block lasts."""
    port = read_ports(home.ports_file)["gateway"][PORT]
    gateway = GatewayClient(f"http://{LOOPBACK}:{port}", read_environment(home.environment_file)[KEY])
    with closing(gateway), closing(S3ObjectStore.from_settings(load(StoreSettings), _PATIENCE)) as store:
        yield World(home, Made(store, flywheel, load(SigningSettings).trusted_folder), gateway)


def clear(home: Home) -> None:
    """Stop what an earlier demo left up, and remove all of it: each demo begins from nothing."""
    detached.down(home)
    lifecycle.nuke(home)
    shutil.rmtree(detached.sites(home), ignore_errors=True)
    (home.root / "millrace.toml").unlink(missing_ok=True)
    with suppress(OSError):  # somebody keeps something of their own there
        home.root.rmdir()


def stop(home: Home) -> None:
    """Stop stack and site, each whatever becomes of the other; what they wrote stays until the next demo."""
    try:
        detached.down(home)
    finally:
        lifecycle.down(home)
