"""The libraries: the versions that are locked."""

from collections.abc import Iterator
from importlib.metadata import distributions

from infra.local.home import REPOSITORY
from services.console.core.diagnosis import Finding, Verdict, judge_libraries, plain_name


def libraries() -> Iterator[Finding]:
    """Compare what is installed with `requirements.lock`."""
    lock = REPOSITORY / "requirements.lock"
    if not lock.exists():
        yield Finding("libraries", Verdict.OK, "no requirements.lock here: an image was built from it")
        return
    installed = {plain_name(found.metadata["Name"]): found.version for found in distributions()}
    yield judge_libraries(lock.read_text("utf-8"), installed)
