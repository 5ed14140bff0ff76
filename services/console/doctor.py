"""Runs checks, so that one that can't look is itself a finding."""

from collections.abc import Callable, Iterator, Mapping

from infra.local.control import ControlError
from infra.stack import StackError
from services.console.core.diagnosis import Finding, Verdict
from shared.io.outage import Misconfigured, Outage
from shared.settings import SettingsError

_UNFIT = (Outage, Misconfigured, SettingsError, ControlError, StackError, OSError)
_REMEDIES: Mapping[type[Exception], str] = {
    Outage: "start it (make up, make status), or correct its address",
    Misconfigured: "as it says",
}


def examine(checks: Mapping[str, Callable[[], Iterator[Finding]]]) -> Iterator[Finding]:
    """Yield what each of `checks` finds, and what keeps it from looking."""
    for name, check in checks.items():
        try:
            yield from check()
        except _UNFIT as error:
            remedy = next((text for kind, text in _REMEDIES.items() if isinstance(error, kind)), "as it says")
            yield Finding(name, Verdict.FAIL, str(error), remedy)
