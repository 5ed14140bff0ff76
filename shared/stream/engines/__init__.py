"""The engines that can host a runner, by name: one port, one suite of tests for all."""

from typing import Final

from shared.stream.engines.engine import EngineFactory
from shared.stream.engines.faust_engine import FaustEngine
from shared.stream.engines.plain_engine import PlainEngine

ENGINES: Final[dict[str, EngineFactory]] = {
    "faust": FaustEngine,
    "aiokafka": PlainEngine,
}
