"""Write Kafka's class cache: start a broker once with recording on, and stop it. Run by `make setup`."""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from infra.local.home import Home
from infra.local.parts import kafka
from infra.local.parts.place import PartError
from infra.local.places import settle
from infra.local.processes import last_lines
from infra.local.server import Server
from infra.stack import load_stack

_WRITE_SECONDS = 120


def record(cache: Path) -> None:
    """Run a broker in a folder of its own and keep the classes that it loads in `cache`; raises `PartError`."""
    draft = cache.with_name(f"{cache.name}.new")
    with tempfile.TemporaryDirectory() as folder:
        broker = Server(settle(Home(Path(folder)), load_stack(), ["kafka"], usual_ports=False)["kafka"])
        usual = kafka.command(broker.place)
        java, *rest = (word for word in usual.arguments if not word.startswith("-XX:AOTCache="))
        broker.start(replace(usual, arguments=[java, f"-XX:AOTCacheOutput={draft}", *rest]))
        broker.wait_ready()
        broker.process.stop(_WRITE_SECONDS)  # Java writes the cache as it ends
        if not draft.exists():
            raise PartError("\n".join(["Java wrote no class cache:", *last_lines(broker.place.log, 5)]))
    for old in cache.parent.glob("kafka-*.aot"):
        old.unlink()
    draft.replace(cache)


def main() -> int:
    """Record, unless that was done; a failure is told, and costs a second at each start of Kafka, no more."""
    cache = kafka.class_cache(load_stack().parts["kafka"])
    try:
        if not cache.exists():
            record(cache)
    except PartError as error:
        sys.stderr.write(f"Kafka will start a second slower: {error}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
