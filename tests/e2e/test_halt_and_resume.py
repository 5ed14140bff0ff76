"""A service of the local stack that halts, and the person who lets it go on, each by the commands that people type."""

from pathlib import Path

import pytest

from infra.local import control
from shared.settings import StoreSettings
from tests.e2e.flywheel import HALTING, millrace
from tests.infra.local.stack_under_test import StackUnderTest
from tests.infra.local.waiting import until
from tests.shared.stream.harness import Flow
from tests.shared.stream.numbered.service import Numbered

pytestmark = pytest.mark.integration

SECONDS = 120


def test_a_halted_service_goes_on_when_a_person_resumes_it(
    flywheel_stack: StackUnderTest, store_settings: StoreSettings, tmp_path: Path
) -> None:
    """The supervisor leaves it down and says why; `millrace resume` starts it, and it passes what halted it."""
    stack = flywheel_stack
    flow = Flow(stack.environment()["KAFKA_BOOTSTRAP_SERVERS"], store_settings, "faust", tmp_path, HALTING)
    # Fewer than twice the limit: a resume excuses the batch that halted it, and however they come, no second one can.
    flow.publish([Numbered(number=number, fate="raise") for number in range(9)], partition=0)
    until(lambda: stack.units()["numbered"].state == "halted", SECONDS)
    assert "millrace resume numbered" in stack.units()["numbered"].why

    assert "The local stack starts it." in millrace(stack, "resume", "numbered", "--yes")

    until(lambda: flow.count("in-dlq") == 9, SECONDS)
    assert stack.units()["numbered"].state != "halted"
    until(lambda: "Nothing is halted." in millrace(stack, "resume", "numbered"), SECONDS)
    control.stop("numbered", stack.home)
