"""The exit codes are a contract with supervisors."""

from shared.stream.exits import Exit


def test_the_codes_are_those_that_supervisors_know() -> None:
    """Changing one would leave a halted service running, or a crashed one down."""
    assert {code.name: int(code) for code in Exit} == {"OK": 0, "OUTAGE": 70, "UNDRAINED": 75, "HALTED": 78}
