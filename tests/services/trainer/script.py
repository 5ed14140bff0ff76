"""An executor that concludes runs as a script says, for tests of who orders them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from services.trainer.executor import Keep
from services.trainer.order import Order
from shared.models.run_store import RunStore
from shared.models.runs import Outcome

AT: Final = datetime(2026, 11, 24, tzinfo=UTC)


@dataclass
class Script:
    """Concludes runs: a recipe named `bug` fails, any other makes a version. `done` are the runs in their order."""

    runs: RunStore
    holder: str = "me"
    done: list[str] = field(default_factory=list)
    before: Callable[[Order], None] = lambda _: None

    def execute(self, order: Order, keep: Keep) -> Outcome:
        """Conclude it, and keep alive meanwhile."""
        self.before(order)
        keep()
        self.done.append(order.run)
        failed = order.planned.recipe == "bug"
        outcome = Outcome(
            run=order.run,
            version=None if failed else len(self.done),
            decision="none" if failed else "promote",
            reason="a bug" if failed else "It is good.",
            at=AT,
        )
        return self.runs.conclude(order.run, outcome)
