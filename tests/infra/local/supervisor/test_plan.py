"""What the supervisor runs, from a stack file."""

import sys
from pathlib import Path

from infra.local.home import Home
from infra.local.supervisor.plan import plan
from infra.local.supervisor.unit import Role
from infra.stack import load_stack
from tests.infra.test_stack import CACHE, stack_file

JOB = """
[jobs.topics]
module = "services.console"
arguments = ["topics", "apply"]
after = ["cache"]
"""
SERVICE = """
[services.cleaner]
module = "services.cleaner"
memory_megabytes = 64
replicas = 2
stop_seconds = 7
environment = {CLEANER_X = "1"}
ports = {TELEMETRY_METRICS_PORT = 9464}
"""


def test_parts_then_jobs_then_services_each_after_what_it_needs(tmp_path: Path) -> None:
    """Services wait for every part and job."""
    specs = plan(Home(tmp_path), load_stack(stack_file(tmp_path, CACHE + JOB + SERVICE)))
    assert [(spec.name, spec.role) for spec in specs] == [
        ("cache", Role.PART),
        ("topics", Role.JOB),
        ("cleaner-1", Role.SERVICE),
        ("cleaner-2", Role.SERVICE),
    ]
    assert [set(spec.after) for spec in specs] == [set(), {"cache"}, {"cache", "topics"}, {"cache", "topics"}]


def test_a_replica_is_told_where_the_servers_are_and_its_own_port(tmp_path: Path) -> None:
    """Nothing else has to be configured; no two replicas share a port."""
    home = Home(tmp_path / "home")
    cache, _, one, two = plan(home, load_stack(stack_file(tmp_path, CACHE + JOB + SERVICE)))
    command = one.command()
    assert list(command.arguments) == [sys.executable, "-m", "services.cleaner"]
    assert command.environment["CACHE_URL"].endswith(f"@127.0.0.1:{cache.ports[0]}/0")
    assert command.environment["CLEANER_X"] == "1"
    assert command.environment["MILLRACE_HOME"] == str(home.root)
    assert command.environment["TELEMETRY_METRICS_PORT"] == str(one.ports[0])
    assert len({cache.ports[0], one.ports[0], two.ports[0]}) == 3
    assert one.stop_seconds == 7


def test_ports_stay_from_one_start_to_the_next(tmp_path: Path) -> None:
    """Open dashboards find their service again."""
    home, stack = Home(tmp_path / "home"), load_stack(stack_file(tmp_path, CACHE + SERVICE))
    before = {spec.name: spec.ports for spec in plan(home, stack)}
    assert {spec.name: spec.ports for spec in plan(home, stack)} == before


def test_without_ports_a_service_must_live_a_second(tmp_path: Path) -> None:
    """There is nothing else to ask it."""
    text = CACHE + "[services.one]\nmodule = 'one'\nmemory_megabytes = 64\n"
    one = plan(Home(tmp_path / "home"), load_stack(stack_file(tmp_path, text)))[-1]
    assert one.is_ready()
    assert one.least_seconds == 1.0
