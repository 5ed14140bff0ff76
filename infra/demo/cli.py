"""The demo's command line, as the Makefile calls it: `python -m infra.demo`."""

import argparse
import signal
import sys
from typing import Final

from infra.demo import world
from infra.demo.closing import Told, closing_table, flaws
from infra.demo.flywheel import write_flywheel
from infra.demo.questions import QuestionsError, load_questions
from infra.demo.record import Record, write
from infra.demo.screen import LineScreen
from infra.demo.stages import DemoFailed, Stage, Stages
from infra.demo.story import Story
from infra.local.home import Home, default_home
from infra.local.lifecycle import StackDownError
from infra.local.removal import RemovalError
from infra.site.tree import SiteError
from shared.io.gateway_client import Refused
from shared.io.outage import Misconfigured, Outage
from shared.settings import SettingsError

SITE: Final = Stage("site", "site", 360, "make site says what is in the way")
STACK: Final = Stage("stack", "stack", 240, "make doctor")
FAILURES: Final = (
    DemoFailed,
    QuestionsError,
    StackDownError,
    RemovalError,
    SiteError,
    Outage,
    Misconfigured,
    Refused,
    SettingsError,
)


def demo(base: Home, keep: bool, screen: LineScreen) -> tuple[Record, Told]:
    """Show everything, on a stack of its own in `base`, and write `demo.json` there; raises one of `FAILURES`.

    What an earlier one left is removed first. What this one started is stopped in the end, unless `keep` says
    otherwise.
    """
    home, written = Home(base.root / "demo"), base.root / "demo.json"
    questions = load_questions()
    stages = Stages(screen)
    began_at = stages.clock()
    world.clear(home)
    written.unlink(missing_ok=True)
    try:
        with stages.run(SITE) as stage:
            stage.result = address = world.serve_site(home, base.root / "sites" / "libreoffice-help")
        stack_at = stages.clock()
        with stages.run(STACK) as stage:
            flywheel = write_flywheel(address, home.root / "millrace.toml")
            world.start_stack(home, home.root / "millrace.toml", lambda text: screen.now(text.strip()))
            stage.result = "Kafka, S3 store, cache, topics, and every service"
        with world.opened(home, flywheel) as opened:
            stages.trouble = opened.trouble
            story = Story(opened, stages, questions, screen.say, stack_at, began_at)
            record, told = story.tell()
        write(record, written)
        screen.say(f"\n{closing_table(record, told)}\nwritten to {written}")
        return record, told
    finally:
        _end(home, keep, screen)


def _end(home: Home, keep: bool, screen: LineScreen) -> None:
    if keep:
        screen.say(
            f"it stays up; use it with: export MILLRACE_HOME={home.root}; millrace --help. "
            "It ends with: make down site-down"
        )
    else:
        world.stop(home)


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; 1 with a message where not all of it happened."""
    parser = argparse.ArgumentParser(prog="python -m infra.demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the stack up")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        wrong = flaws(*demo(default_home(), options.keep, LineScreen(sys.stdout)))
    except FAILURES as error:
        wrong = [str(error)]
    except KeyboardInterrupt:
        return 130
    for sentence in wrong:
        sys.stderr.write(f"the demo failed: {sentence}\n")
    return 1 if wrong else 0
