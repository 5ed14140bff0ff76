"""Dead-letter topics as the console reads them."""

from collections.abc import Iterator, Mapping

from services.console.core.letters import Letter, read_letter
from shared.settings import KafkaSettings
from shared.stream.topic_reader import TopicReader


class DeadLetters:
    """Reads the records of dead-letter topics, and where they end."""

    def __init__(self, settings: KafkaSettings) -> None:
        """Connect anew for each reading."""
        self._reader = TopicReader(settings)

    def ends(self, topic: str) -> dict[int, int]:
        """Give, by partition, the offset that the next letter will have; empty partitions are left out."""
        return self._reader.ends(topic)

    def read(self, topic: str, ends: Mapping[int, int], starts: Mapping[int, int]) -> Iterator[Letter]:
        """Yield the letters from `starts` (by partition, else the first) up to, and without, those at `ends`."""
        return map(read_letter, self._reader.records(topic, ends, starts))
