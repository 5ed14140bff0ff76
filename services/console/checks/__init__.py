"""What `millrace doctor` looks at, in this order: each check is one function that yields what it finds."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from services.console.checks import cache, files, kafka, libraries, machine, ports, s3
from services.console.core.diagnosis import Finding

CHECKS: Final[Mapping[str, Callable[[], Iterator[Finding]]]] = {
    "python": machine.python,
    "disk": machine.disk,
    "memory": machine.memory,
    "ports": ports.ports,
    "libraries": libraries.libraries,
    "files": files.files,
    "kafka": kafka.kafka,
    "s3": s3.s3,
    "cache": cache.cache,
}
