"""Makes the cluster's topics what they are declared to be; any number of us may do so at once."""

from collections.abc import Sequence
from typing import Final, Protocol

from services.console.core.topics import Change, Plan, Sizing, TopicShape, plan
from shared.io.outage import Outage

_ROUNDS: Final = 10


class TopicAdmin(Protocol):
    """What the job needs of Kafka; see `KafkaAdmin`."""

    def shapes(self, names: Sequence[str]) -> dict[str, TopicShape]:
        """Give the shape of each of `names` that exists."""

    def create(self, shapes: Sequence[TopicShape]) -> list[str]:
        """Create topics, and name those that weren't there already."""

    def change(self, changes: Sequence[Change]) -> None:
        """Change settings."""

    def await_ready(self, names: Sequence[str]) -> None:
        """Wait until clients can use `names`."""


def apply(admin: TopicAdmin, wanted: Sequence[TopicShape], sizing: Sizing) -> Plan:
    """Create and change what `plan` says until nothing is left to do; gives what this run did, and what it refused."""
    names = [shape.name for shape in wanted]
    created: dict[str, TopicShape] = {}
    changed: dict[Change, None] = {}
    for _ in range(_ROUNDS):
        todo = plan(wanted, admin.shapes(names), sizing)
        if todo.settled:
            return Plan(tuple(created.values()), tuple(changed), todo.refuse)
        done = admin.create(todo.create)
        created |= {shape.name: shape for shape in todo.create if shape.name in done}
        admin.change(todo.change)
        changed |= dict.fromkeys(todo.change)
        admin.await_ready(names)
    raise Outage(f"after {_ROUNDS} rounds Kafka still shows other topics than were applied; look at its controller")
